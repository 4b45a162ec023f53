// Chains: a job and the jobs that IPS runs after it, shown as one row that unfolds.

/** The jobs of a table without those that run after another one of it, and these by the id of their parent. */
export function groupChains(jobs) {
  const ids = new Set(jobs.map((job) => job.id));
  const followOns = new Map();
  const roots = jobs.filter((job) => {
    if (!ids.has(job.parent)) return true;
    followOns.set(job.parent, [...(followOns.get(job.parent) ?? []), job]);
    return false;
  });
  return { roots, followOns };
}

/** A job with the status, outcome and percent of its chain in place of its own. */
export function asChain(job) {
  if (!job.chain) return job;
  const { status, outcome, percent } = job.chain;
  return { ...job, phase: status === 'completed' ? 'completed' : 'active', status, outcome, percent };
}
