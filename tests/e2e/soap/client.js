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
const call = async (operation, parameters) => (await client[`${operation}Async`](parameters))[0];
const items = (array) => [array?.items ?? []].flat();

login('sandbox-katlyn');
const name = `node-${version}-${process.hrtime.bigint()}`;
const publish = { publishType: 'Full', emailSetting: 'None' };
const { jobHandle } = await call('submitJob', { companyHandle: COMPANY, jobName: name, execSchedule: '0 0 3 * * ?', imageServingPublishJob: publish });
assert.equal(jobHandle, `j|110|${name}||`);
const target = { companyHandle: COMPANY, jobHandle };
const scheduled = async () => items((await call('getScheduledJobs', target)).jobArray);
assert.deepEqual((await scheduled()).map((job) => job.imageServingPublishJob.publishType), ['Full']);
await call('pauseJob', target);
assert.deepEqual((await scheduled()).map((job) => job.triggerState), ['Paused']);
await call('deleteJob', target);
assert.deepEqual(await scheduled(), []);
assert.ok(items((await call('getActiveJobs', { companyHandle: COMPANY })).jobArray).length > 0);
const logs = items((await call('getJobLogs', { companyHandle: COMPANY, sortBy: 'StartDate' })).jobLogArray);
assert.ok(logs.length > 5 && logs.every((log) => log.startDate instanceof Date), JSON.stringify(logs));

login('wrong');
await assert.rejects(call('getActiveJobs', { companyHandle: COMPANY }), (error) => {
  const { faultstring, detail } = error.root.Envelope.Body.Fault;
  assert.equal(faultstring, 'authenticationFault');
  assert.equal(Number(detail.authenticationFault.code), 10001);
  return true;
});
console.log(`node-soap, version ${version || 'none'}: ok`);
