// node-soap against the sandbox, over the WSDL of an API version: node client.js ORIGIN VERSION

import assert from 'node:assert/strict';
import { createClientAsync } from 'soap';

const [origin, version = ''] = process.argv.slice(2);
const COMMON = 'http://www.scene7.com/IpsApi/xsd';
const COMPANY = 'c|110';

const client = await createClientAsync(`${origin}/scene7/webservice/IpsApi${version && `-${version}`}.wsdl`);
const login = (password) => {
  client.clearSoapHeaders();
  client.addSoapHeader({ authHeader: { user: 'katlyn@example.com', password } }, '', '', COMMON);
};
const called = new Set();
const call = async (operation, parameters = {}) => {
  called.add(operation);
  return (await client[`${operation}Async`](parameters))[0];
};
const items = (array) => [array?.items ?? []].flat();
const advance = (seconds) => fetch(`${origin}/sandbox/clock/advance?seconds=${seconds}`, { method: 'POST' });
const offered = Object.values(Object.values(client.describe())[0]).flatMap((port) => Object.keys(port));
const company = { companyHandle: COMPANY };

login('sandbox-katlyn');
const name = `node-${version}-${process.hrtime.bigint()}`;
const publish = { publishType: 'Full', emailSetting: 'None' };
const submit = (jobName, more) => call('submitJob', { ...company, jobName, ...more, imageServingPublishJob: publish });

// A schedule.
const { jobHandle } = await submit(name, { execSchedule: '0 0 3 * * ?' });
assert.equal(jobHandle, `j|110|${name}||`);
const target = { ...company, jobHandle };
const scheduled = async () => items((await call('getScheduledJobs', target)).jobArray);
assert.deepEqual((await scheduled()).map((job) => job.imageServingPublishJob.publishType), ['Full']);
await call('pauseJob', target);
assert.deepEqual((await scheduled()).map((job) => job.triggerState), ['Paused']);
await call('resumeJob', target);
assert.deepEqual((await scheduled()).map((job) => job.triggerState), ['Normal']);
await call('executeJob', target);
const active = async (original) => items((await call('getActiveJobs', { ...company, originalName: original })).jobArray);
await call('deleteJob', target);
assert.deepEqual(await scheduled(), []);

// A job that is stopped, from the active list to its log.
const stopped = `${name}-stopped`;
// Not a publish: that may wait for another one.
const urlArray = { items: [{ sourceUrl: 'https://x.example.com/trail_boot_brown.tif', destPath: 'in/' }] };
const upload = { urlArray, overwrite: true, readyForPublish: true, createMask: false, emailSetting: 'None' };
const handle = (await call('submitJob', { ...company, jobName: stopped, uploadUrlsJob: upload })).jobHandle;
for (let attempt = 0; attempt < 10 && (await active(stopped)).length === 0; attempt += 1) await advance(2);
assert.deepEqual((await active(stopped)).map((job) => job.originalName), [stopped]);
await call('stopJob', { ...company, jobHandle: handle });
await advance(10);
assert.deepEqual(await active(stopped), []);
const [details] = items((await call('getJobLogDetails', { ...company, originalName: stopped })).jobLogArray);
assert.ok(items(details.detailArray).some((entry) => entry.logType === 'FileCancel'), JSON.stringify(details));
const logs = items((await call('getJobLogs', { ...company, sortBy: 'StartDate' })).jobLogArray);
assert.ok(logs.length > 5 && logs.every((log) => log.startDate instanceof Date), JSON.stringify(logs));

// Companies, logins and assets.
assert.equal((await call('getCompanyInfo', company)).companyInfo.companyHandle, COMPANY);
assert.ok(JSON.stringify(await call('getCompanyMembership')).includes(COMPANY));
assert.equal((await call('checkLogin', { email: 'katlyn@example.com', password: 'sandbox-katlyn' })).status, 'ValidLogin');
if (offered.includes('getUserInfo')) assert.ok(JSON.stringify(await call('getUserInfo')).includes('katlyn@example.com'));
if (offered.includes('getAssetJobLogs')) await call('getAssetJobLogs', { ...company, assetHandle: 'a|11000' });
if (offered.includes('getAssetArchivedJobLogs')) {
  const archived = items((await call('getAssetArchivedJobLogs', { ...company, assetHandle: 'a|11000' })).jobLogArray);
  const found = items((await call('getArchivedJobLogDetails', { ...company, jobHandle: archived[0].jobHandle })).jobLogArray);
  assert.equal(found[0].jobName, archived[0].jobName);
}
assert.deepEqual([...called].sort(), offered.sort(), 'every operation of the WSDL was called');

login('wrong');
await assert.rejects(call('getActiveJobs', { companyHandle: COMPANY }), (error) => {
  const { faultstring, detail } = error.root.Envelope.Body.Fault;
  assert.equal(faultstring, 'authenticationFault');
  assert.equal(Number(detail.authenticationFault.code), 10001);
  return true;
});
console.log(`node-soap, version ${version || 'none'}: ${called.size} operations ok`);
