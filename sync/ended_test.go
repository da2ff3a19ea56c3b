package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// migration is a Job that is deleted as soon as it has ended. Its pods stay as they are until a test ends them: no node is for
// them.
func migration(variant string) string {
	return `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {variant: "` + variant + `"}}
spec:
  ttlSecondsAfterFinished: 0
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      nodeSelector: {kubernetes.io/hostname: none}
      containers: [{name: migrate, image: "nginx:1.27"}]
`
}

// migrate is the live Job; nil if there is none.
func (s *stage) migrate() *batchv1.Job {
	s.Helper()
	live := &batchv1.Job{}
	err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: "migrate"}, live)
	if client.IgnoreNotFound(err) != nil {
		s.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return live
}

// runs waits until there is a Job that is not one of before, and returns its UID.
func (s *stage) runs(before ...string) string {
	s.Helper()
	uid := ""
	clustertest.Eventually(s, "a Job that runs", func(context.Context) (bool, string) {
		job := s.migrate()
		if job == nil {
			return false, describe(s.app())
		}
		uid = string(job.UID)
		return job.DeletionTimestamp == nil && !strings.Contains(fmt.Sprint(before), uid), fmt.Sprint(job.UID, job.Status)
	})
	return uid
}

// ends has the Job's pod end in that phase, and waits until its time to live has taken it.
func (s *stage) ends(phase corev1.PodPhase) {
	s.Helper()
	clustertest.Eventually(s, "the end of the Job's pod", func(context.Context) (bool, string) {
		for _, pod := range s.pods() {
			if strings.HasPrefix(pod.Name, "migrate-") && pod.Status.Phase == corev1.PodPending {
				pod.Status.Phase = phase
				if err := s.client.Status().Update(s.Context(), &pod); err == nil {
					return true, ""
				}
			}
		}
		return false, fmt.Sprint(s.pods())
	})
	clustertest.Eventually(s, "its time to live to take the Job", func(context.Context) (bool, string) {
		job := s.migrate()
		return job == nil, fmt.Sprint(job)
	})
}

// endOnRecord is how the Job has ended as the inventory says.
func (s *stage) endOnRecord() object.End {
	s.Helper()
	return s.stored().Entries[object.ID{Group: "batch", Kind: "Job", Namespace: s.namespace, Name: "migrate"}].Ended
}

// restsWithoutJob checks that the app stays in that state after another commit that does not change the Job, and that the Job
// is not made again.
func (s *stage) restsWithoutJob(state sync.State, n int) {
	s.Helper()
	hash := s.commit("settings.yaml", settings(n))
	s.waitFor("the commit after it", func(app status.App) bool {
		return app.State == state && app.Revision.Applied.Hash == hash
	})
	if job := s.migrate(); job != nil {
		s.Errorf("the Job was made again: %s", job.UID)
	}
}

func TestAJobThatIsCompleteAndGoneDoesNotRunAgain(t *testing.T) {
	s := newStage(t, watchedOnly(), "job.yaml", migration("1"), "settings.yaml", settings(1))
	hash := s.commit()
	end := s.start()
	first := s.runs()
	s.ends(corev1.PodSucceeded)
	s.waitFor("health", func(app status.App) bool {
		return app.State == sync.Healthy && app.Revision.Healthy.Hash == hash
	})
	s.restsWithoutJob(sync.Healthy, 2)
	end()
	if got := s.endOnRecord(); got.Condition != object.Complete {
		t.Fatalf("on record: %+v", got)
	}
	planned := s.planned()
	if planned.Err != nil || planned.Plan.Writes() > 0 {
		t.Errorf("a plan would write: %v, %v", planned.Plan, planned.Err)
	}
	s.another()
	s.restsWithoutJob(sync.Healthy, 3)
	changed := s.commit("job.yaml", migration("2"))
	if second := s.runs(first); second == first {
		t.Error("a changed Job does not run")
	}
	s.ends(corev1.PodSucceeded)
	s.waitFor("health of the changed Job", func(app status.App) bool {
		return app.State == sync.Healthy && app.Revision.Healthy.Hash == changed
	})
}

func TestAJobThatHasFailedAndIsGoneIsNoHealth(t *testing.T) {
	s := newStage(t, watchedOnly(), "job.yaml", migration("1"), "settings.yaml", settings(1))
	hash := s.commit()
	end := s.start()
	s.runs()
	s.ends(corev1.PodFailed)
	app := s.fails(hash)
	if app.Reason != string(health.JobFailed) || !strings.Contains(app.Message, "BackoffLimitExceeded") {
		t.Errorf("%s: %s", app.Reason, app.Message)
	}
	s.restsWithoutJob(sync.Failed, 2)
	end()
	if got := s.endOnRecord(); got.Condition != object.Failed || !strings.HasPrefix(got.Words, "BackoffLimitExceeded: ") {
		t.Fatalf("on record: %+v", got)
	}
	s.another()
	s.restsWithoutJob(sync.Failed, 3)
	if app := s.app(); app.Reason != string(health.JobFailed) || !strings.Contains(app.Message, "time to live") {
		t.Errorf("after a restart: %s: %s", app.Reason, app.Message)
	}
}

func TestAJobThatIsDeletedBeforeItsEndIsDrift(t *testing.T) {
	s := newStage(t, watchedOnly(), "job.yaml", migration("1"))
	s.commit()
	s.start()
	first := s.runs()
	background := metav1.DeletePropagationBackground
	if err := s.client.Delete(t.Context(), s.migrate(), &client.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatal(err)
	}
	s.runs(first)
	s.waitFor("the drift to be told", func(app status.App) bool { return told(app, "job.batch/migrate created (it had been deleted)") })
}

// TestGoingBackRemovesAJobThatHasNotEnded goes back from a commit whose Job still waits for a node: its template cannot be changed.
func TestGoingBackRemovesAJobThatHasNotEnded(t *testing.T) {
	o := watchedOnly()
	o.timeout = 3 * time.Second
	o.app = func(app *sync.App) { app.Rollback = true }
	s := newStage(t, o, "job.yaml", migration("1"), "settings.yaml", settings(1))
	good := s.commit()
	end := s.start()
	first := s.runs()
	s.ends(corev1.PodSucceeded)
	s.healthyAt(good)
	bad := s.commit("job.yaml", replace(t, migration("2"), "nginx:1.27", "nginx:1.28"), "settings.yaml", settings(2))
	s.runs(first)
	app := s.backOn(good, bad)
	if job := s.migrate(); job != nil {
		t.Errorf("the Job is %s", job.UID)
	}
	if app.Back.Reason != string(health.Unschedulable) {
		t.Errorf("it was rejected for %s", app.Back.Reason)
	}
	if live := s.configMaps(); !slices.Equal(live, []string{"settings-0"}) {
		t.Errorf("live: %v", live)
	}
	s.write("job.yaml", migration("1"))
	s.restsWithoutJob(sync.Healthy, 3)
	end()
	if got := s.endOnRecord(); got.Condition != object.Complete {
		t.Errorf("on record: %+v", got)
	}
}

// TestGoingBackDoesNotRunWhatWasComplete goes back from a commit whose Job failed to one whose Job was complete long before.
func TestGoingBackDoesNotRunWhatWasComplete(t *testing.T) {
	o := watchedOnly()
	o.app = func(app *sync.App) { app.Rollback = true }
	s := newStage(t, o, "job.yaml", migration("1"), "settings.yaml", settings(1))
	good := s.commit()
	end := s.start()
	first := s.runs()
	s.ends(corev1.PodSucceeded)
	s.healthyAt(good)
	bad := s.commit("job.yaml", migration("2"), "settings.yaml", settings(2))
	s.runs(first)
	s.ends(corev1.PodFailed)
	s.backOn(good, bad)
	if job := s.migrate(); job != nil {
		t.Errorf("the Job was made again: %s", job.UID)
	}
	end()
	if got := s.endOnRecord(); got.Condition != object.Complete {
		t.Errorf("on record: %+v", got)
	}
}
