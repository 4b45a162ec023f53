// A Java client that openapi-generator generated, against the demo.

import gateway.ApiClient;
import gateway.ApiException;
import gateway.api.JobsApi;
import gateway.model.ActiveJob;
import gateway.model.CompletedJob;
import gateway.model.ImageServingPublishJob;
import gateway.model.Job;
import gateway.model.Outcome;
import gateway.model.Phase;
import gateway.model.Problem;
import gateway.model.ScheduledJob;
import gateway.model.SubmitImageServingPublishJob;
import gateway.model.SubmitJobParam;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

public class Main {
    static final Duration PATIENCE = Duration.ofMinutes(4);

    static void check(boolean holds, Object what) {
        if (!holds) throw new AssertionError(what);
    }

    static String id(Job job) {
        Object instance = job.getActualInstance();
        if (instance instanceof ActiveJob) return ((ActiveJob) instance).getId();
        return ((CompletedJob) instance).getId();
    }

    public static void main(String[] arguments) throws Exception {
        var user = Base64.getEncoder().encodeToString(System.getenv("GATEWAY_USER").getBytes("UTF-8"));
        var client = new ApiClient();
        client.updateBaseUri(System.getenv("GATEWAY_URL"));
        client.setRequestInterceptor(request -> request.header("Authorization", "Basic " + user));
        var jobs = new JobsApi(client);

        var listed = jobs.listJobs(null, null, List.of(Phase.ACTIVE, Phase.SCHEDULED), null, null, null, null, null, null, null, null,
            null, null, null, null, null, null, null, null).getJobs();
        long active = listed.stream().filter(job -> job.getActualInstance() instanceof ActiveJob).count();
        long scheduled = listed.stream().filter(job -> job.getActualInstance() instanceof ScheduledJob).count();
        check(active > 0 && scheduled > 0 && active + scheduled == listed.size(), listed);

        var publish = new ImageServingPublishJob().publishType("Full").emailSetting("None");
        var body = new SubmitImageServingPublishJob().jobName("java").imageServingPublishJob(publish);
        var submitted = jobs.submitJobWithHttpInfo(new SubmitJobParam(body), null, null, null, null);
        check(submitted.getStatusCode() == 202, submitted.getStatusCode());
        var job = submitted.getData();

        var deadline = Instant.now().plus(PATIENCE);
        while (!(job.getActualInstance() instanceof CompletedJob)) {
            check(Instant.now().isBefore(deadline), job);
            Thread.sleep(1000);
            job = jobs.getJob(id(job), null, null, null, null, null);
        }
        check(job.getCompletedJob().getOutcome() == Outcome.SUCCEEDED, job);

        try {
            jobs.stopJob(id(job), null, null, null);
            check(false, "a completed job was stopped");
        } catch (ApiException refused) {
            var problem = client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class);
            check(refused.getCode() == 409 && problem.getCode().equals("action-not-possible"), problem);
        }
        System.out.println("java: lists two phases, submits, follows, and reads a problem");
    }
}
