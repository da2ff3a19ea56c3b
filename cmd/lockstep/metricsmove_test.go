package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// moved waits until each of the series, which are patterns, is above 0. Meanwhile it does something over and over.
func (d *process) moved(meanwhile func(ctx context.Context), series ...string) {
	d.Helper()
	clustertest.Eventually(d, fmt.Sprint(series, " to be above 0"), func(ctx context.Context) (bool, string) {
		if meanwhile != nil {
			meanwhile(ctx)
		}
		page := d.metrics()
		for _, one := range series {
			if !regexp.MustCompile(`(?m)^` + one + ` .*[1-9]`).MatchString(page) {
				return false, one + " in\n" + page
			}
		}
		return true, ""
	})
}

// TestEveryMetricMovesAsADaemonWorks commits, breaks, drifts, fights and loses the repository.
func TestEveryMetricMovesAsADaemonWorks(t *testing.T) {
	p := newPair(t)
	p.settings(2, "one")
	d := p.start("daemon", append(p.app(), "--on-failure", "rollback", "--timeout", "3s")...)
	d.leads()
	const app = `\{app="app"\}`
	action := func(of string) string { return `lockstep_objects_total\{action="` + of + `",app="app"\}` }
	d.moved(nil, `lockstep_app_state\{app="app",state="Healthy"\}`, "lockstep_app_last_success_timestamp_seconds"+app,
		"lockstep_commit_to_healthy_seconds_count"+app, "lockstep_commit_to_healthy_seconds_sum"+app, action("created"),
		`lockstep_gate_verdicts_total\{app="app",reason="Healthy"\}`, `lockstep_repository_fetches_total\{.*\}`,
		`lockstep_repository_last_fetch_timestamp_seconds\{.*\}`, `lockstep_leader\{name="lockstep"\}`, `lockstep_build_info\{.*\}`,
		`lockstep_api_requests_total\{code="20[01]",verb="patch"\}`, `lockstep_api_requests_total\{code="200",verb="watch"\}`)

	p.write("app", "app-0", "two")
	p.repo.Git("rm", "-q", "app/app-1.yaml")
	p.repo.Commit("Change one, take one away, leave one")
	d.moved(nil, action("configured"), action("pruned"))
	p.write("app", "app-2", "three")
	p.repo.Commit("Add one")
	d.moved(nil, action("unchanged"))
	for _, step := range []string{"fetch", "read", "load", "plan", "apply", "gate", "prune", "save"} {
		d.moved(nil, `lockstep_step_duration_seconds_sum\{step="`+step+`"\}`)
	}

	p.repo.Write("app/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: app}\nspec: {selector: {app: nobody}, ports: [{port: 80}]}\n")
	p.repo.Commit("Select nothing")
	d.moved(nil, "lockstep_rollbacks_total"+app, `lockstep_gate_verdicts_total\{app="app",reason="SelectorMatchesNothing"\}`,
		`lockstep_app_state\{app="app",state="RolledBack"\}`)

	rival := func(ctx context.Context) {
		settings := &corev1.ConfigMap{}
		settings.Namespace, settings.Name = p.namespace, "app-0"
		_ = p.client.Patch(ctx, settings, client.RawPatch(types.MergePatchType, []byte(`{"data":{"value":"a rival's"}}`)))
	}
	d.moved(rival, "lockstep_drift_corrections_total"+app, "lockstep_fights_total"+app, action("skipped"))

	away := p.repo.Dir + ".away"
	if err := os.Rename(p.repo.Dir, away); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Rename(away, p.repo.Dir) })
	d.moved(nil, `lockstep_repository_fetch_errors_total\{.*type="RepositoryNotFound"\}`)
	for line := range strings.Lines(d.metrics()) {
		if strings.HasPrefix(line, "lockstep_app_state") && !strings.Contains(line, `app="app"`) {
			t.Errorf("a series of nobody: %s", line)
		}
	}
}
