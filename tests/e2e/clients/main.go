// A Go client that openapi-generator generated, against the demo.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"gateway"
)

const patience = 4 * time.Minute

func check(holds bool, what ...interface{}) {
	if !holds {
		log.Fatalln(what...)
	}
}

func main() {
	configuration := gateway.NewConfiguration()
	configuration.Servers = gateway.ServerConfigurations{{URL: os.Getenv("GATEWAY_URL")}}
	jobs := gateway.NewAPIClient(configuration).JobsAPI
	user := strings.SplitN(os.Getenv("GATEWAY_USER"), ":", 2)
	context := context.WithValue(context.Background(), gateway.ContextBasicAuth, gateway.BasicAuth{UserName: user[0], Password: user[1]})

	listed, _, err := jobs.ListJobs(context).Phase([]gateway.Phase{gateway.PHASE_ACTIVE, gateway.PHASE_SCHEDULED}).Execute()
	check(err == nil, "list:", err)
	active, scheduled := 0, 0
	for _, job := range listed.Jobs {
		if job.ActiveJob != nil {
			active++
		}
		if job.ScheduledJob != nil {
			scheduled++
		}
	}
	check(active > 0 && scheduled > 0 && active+scheduled == len(listed.Jobs), active, "active,", scheduled, "scheduled of", len(listed.Jobs))

	publish := gateway.NewImageServingPublishJob("Full", "None")
	body := gateway.SubmitImageServingPublishJobAsSubmitJobParam(gateway.NewSubmitImageServingPublishJob("go", *publish))
	submitted, answer, err := jobs.SubmitJob(context).SubmitJobParam(body).Execute()
	check(err == nil && answer.StatusCode == 202, "submit:", err)
	id := submitted.GetActualInstance().(interface{ GetId() string }).GetId()

	var completed *gateway.CompletedJob
	for deadline := time.Now().Add(patience); completed == nil; time.Sleep(time.Second) {
		job, _, err := jobs.GetJob(context, id).Execute()
		check(err == nil && time.Now().Before(deadline), "follow:", err, job)
		completed = job.CompletedJob
	}
	check(completed.GetOutcome() == gateway.OUTCOME_SUCCEEDED, "outcome:", completed.GetOutcome())

	_, answer, err = jobs.StopJob(context, id).Execute()
	var refused *gateway.GenericOpenAPIError
	check(errors.As(err, &refused) && answer.StatusCode == 409, "stop:", err)
	problem, isProblem := refused.Model().(gateway.Problem)
	check(isProblem && problem.Code == "action-not-possible", "problem:", string(refused.Body()))
	fmt.Println("go: lists two phases, submits, follows, and reads a problem")
}
