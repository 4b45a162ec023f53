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

$name = "php-$version-" . hrtime(true);
$publish = ['publishType' => 'Full', 'emailSetting' => 'None'];
$submitted = $client->submitJob(['companyHandle' => COMPANY, 'jobName' => $name, 'execSchedule' => '0 0 3 * * ?', 'imageServingPublishJob' => $publish]);
check($submitted->jobHandle === "j|110|$name||", 'the handle of a submit', $submitted);
$target = ['companyHandle' => COMPANY, 'jobHandle' => $submitted->jobHandle];
$listed = items($client->getScheduledJobs(['companyHandle' => COMPANY, 'originalName' => $name])->jobArray);
check(count($listed) === 1 && $listed[0]->imageServingPublishJob->publishType === 'Full', 'the schedule', $listed);
$client->pauseJob($target);
$listed = items($client->getScheduledJobs($target)->jobArray);
check(count($listed) === 1 && $listed[0]->triggerState === 'Paused', 'the paused schedule', $listed);
$client->deleteJob($target);
check(items($client->getScheduledJobs($target)->jobArray) === [], 'the deleted schedule');
check(count(items($client->getActiveJobs(['companyHandle' => COMPANY])->jobArray)) > 0, 'active jobs');
$logs = items($client->getJobLogs(['companyHandle' => COMPANY, 'sortBy' => 'StartDate'])->jobLogArray);
check(count($logs) > 5, 'job logs', $logs);

$client->__setSoapHeaders($login('wrong'));
try {
    $client->getActiveJobs(['companyHandle' => COMPANY]);
    check(false, 'a fault for a wrong password');
} catch (SoapFault $fault) {
    check($fault->faultstring === 'authenticationFault' && (int) $fault->detail->authenticationFault->code === 10001, 'the fault', $fault);
}
echo "SoapClient, version ", $version === '' ? 'none' : $version, ": ok\n";
