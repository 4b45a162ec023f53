<?php
// PHP's SoapClient against the sandbox, over the WSDL of an API version: php client.php ORIGIN VERSION

[, $origin, $version] = $argv;
const COMMON = 'http://www.scene7.com/IpsApi/xsd';
const COMPANY = 'c|110';

function check(bool $holds, string $what, mixed $found = null): void
{
    if (!$holds) {
        fwrite(STDERR, "FAILED: $what: " . print_r($found, true) . "\n");
        exit(1);
    }
}

/** The items of an array wrapper. */
function items(?object $array): array
{
    return $array->items ?? [];
}

$suffix = $version === '' ? '' : "-$version";
$options = ['cache_wsdl' => WSDL_CACHE_NONE, 'exceptions' => true, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS];
$client = new SoapClient("$origin/scene7/webservice/IpsApi$suffix.wsdl", $options);
$login = fn (string $password) => new SoapHeader(COMMON, 'authHeader', ['user' => 'katlyn@example.com', 'password' => $password]);
$client->__setSoapHeaders($login('sandbox-katlyn'));
$called = [];
$call = function (string $operation, array $parameters = []) use ($client, &$called) {
    $called[$operation] = true;
    return $client->$operation($parameters);
};
/** The names of the operations that the WSDL has. */
$offered = array_map(fn (string $function) => preg_replace('/^\S+ (\w+)\(.*$/', '$1', $function), $client->__getFunctions());
function advance(string $origin, int $seconds): void
{
    $post = stream_context_create(['http' => ['method' => 'POST', 'content' => '']]);
    file_get_contents("$origin/sandbox/clock/advance?seconds=$seconds", false, $post);
}
$company = ['companyHandle' => COMPANY];

$name = "php-$version-" . hrtime(true);
$publish = ['publishType' => 'Full', 'emailSetting' => 'None'];
$submit = fn (string $name, array $more = []) => $call('submitJob', ['companyHandle' => COMPANY, 'jobName' => $name] + $more + ['imageServingPublishJob' => $publish]);

// A schedule.
$submitted = $submit($name, ['execSchedule' => '0 0 3 * * ?']);
check($submitted->jobHandle === "j|110|$name||", 'the handle of a submit', $submitted);
$target = ['companyHandle' => COMPANY, 'jobHandle' => $submitted->jobHandle];
$listed = items($call('getScheduledJobs', ['companyHandle' => COMPANY, 'originalName' => $name])->jobArray);
check(count($listed) === 1 && $listed[0]->imageServingPublishJob->publishType === 'Full', 'the schedule', $listed);
foreach (['pauseJob' => 'Paused', 'resumeJob' => 'Normal'] as $operation => $state) {
    $call($operation, $target);
    $listed = items($call('getScheduledJobs', $target)->jobArray);
    check(count($listed) === 1 && $listed[0]->triggerState === $state, "the schedule after $operation", $listed);
}
$call('executeJob', $target);
$call('deleteJob', $target);
check(items($call('getScheduledJobs', $target)->jobArray) === [], 'the deleted schedule');

// A job that is stopped, from the active list to its log.
$stopped = "$name-stopped";
// Not a publish: that may wait for another one.
$urls = ['items' => [['sourceUrl' => 'https://x.example.com/trail_boot_brown.tif', 'destPath' => 'in/']]];
$upload = ['urlArray' => $urls, 'overwrite' => true, 'readyForPublish' => true, 'createMask' => false, 'emailSetting' => 'None'];
$handle = $call('submitJob', ['companyHandle' => COMPANY, 'jobName' => $stopped, 'uploadUrlsJob' => $upload])->jobHandle;
$active = fn () => items($call('getActiveJobs', ['companyHandle' => COMPANY, 'originalName' => $stopped])->jobArray);
for ($attempt = 0; $attempt < 10 && $active() === []; $attempt++) {
    advance($origin, 2);
}
check(count($active()) === 1, 'the active job');
$call('stopJob', ['companyHandle' => COMPANY, 'jobHandle' => $handle]);
advance($origin, 10);
check($active() === [], 'the stopped job has left the active list');
$details = items($call('getJobLogDetails', ['companyHandle' => COMPANY, 'originalName' => $stopped])->jobLogArray);
$types = array_map(fn (object $entry) => $entry->logType, items($details[0]->detailArray));
check(in_array('FileCancel', $types, true), 'the log of the stopped job', $types);
$logs = items($call('getJobLogs', ['companyHandle' => COMPANY, 'sortBy' => 'StartDate'])->jobLogArray);
check(count($logs) > 5, 'job logs', $logs);

// Companies, logins and assets.
check($call('getCompanyInfo', $company)->companyInfo->companyHandle === COMPANY, 'the company');
check(str_contains(json_encode($call('getCompanyMembership')), COMPANY), 'the memberships');
$login_status = $call('checkLogin', ['email' => 'katlyn@example.com', 'password' => 'sandbox-katlyn'])->status;
check($login_status === 'ValidLogin', 'the login', $login_status);
if (in_array('getUserInfo', $offered, true)) {
    check(str_contains(json_encode($call('getUserInfo')), 'katlyn@example.com'), 'the user');
}
if (in_array('getAssetJobLogs', $offered, true)) {
    $call('getAssetJobLogs', ['companyHandle' => COMPANY, 'assetHandle' => 'a|11000']);
}
if (in_array('getAssetArchivedJobLogs', $offered, true)) {
    $archived = items($call('getAssetArchivedJobLogs', ['companyHandle' => COMPANY, 'assetHandle' => 'a|11000'])->jobLogArray);
    $found = items($call('getArchivedJobLogDetails', ['companyHandle' => COMPANY, 'jobHandle' => $archived[0]->jobHandle])->jobLogArray);
    check($found[0]->jobName === $archived[0]->jobName, 'the archived log', $found);
}
$called = array_keys($called);
sort($called);
$offered = array_values(array_unique($offered));
sort($offered);
check($called === $offered, 'every operation of the WSDL was called', array_diff($offered, $called));

$client->__setSoapHeaders($login('wrong'));
try {
    $client->getActiveJobs(['companyHandle' => COMPANY]);
    check(false, 'a fault for a wrong password');
} catch (SoapFault $fault) {
    check($fault->faultstring === 'authenticationFault' && (int) $fault->detail->authenticationFault->code === 10001, 'the fault', $fault);
}
echo "SoapClient, version ", $version === '' ? 'none' : $version, ': ', count($called), " operations ok\n";
