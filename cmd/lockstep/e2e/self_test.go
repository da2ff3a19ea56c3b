package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// itself is the config of an installation that keeps what is rendered of its own chart in step, beside an app.
const itself = `
config:
  repositories: [{name: shop, url: %q, interval: 1s}]
  apps:
  - {name: web, repository: shop, path: manifests, namespace: %s}
  - {name: self, repository: shop, path: self, namespace: %s, gate: {timeout: 2m}}
rbac: {mode: clusterAdmin}
image: {repository: %s, tag: %q, pullPolicy: Never}
log: {level: %s}
`

// rendered is the chart as somebody commits it.
func (i *installation) rendered(url, level string) string {
	i.t.Helper()
	name, tag, _ := strings.Cut(*daemonImage, ":")
	cmd := exec.Command(i.helm, "template", "lockstep", "../../../charts/lockstep", "--namespace", i.tools, "--values", "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf(itself, url, i.namespace, i.tools, name, tag, level))
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		i.t.Fatalf("helm template: %v\n%s", err, &wrong)
	}
	return string(out)
}

// apply makes objects so as the first step of an installation without helm does: kubectl apply --server-side.
func (i *installation) apply(text string) {
	i.t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return
		}
		must(i.t, err)
		if len(o.Object) == 0 {
			continue
		}
		must(i.t, i.client.Apply(i.t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl")))
		if o.GetNamespace() == "" {
			i.t.Cleanup(func() { _ = i.client.Delete(context.Background(), o) }) // the test's own context has ended by now
		}
	}
}

// TestTheDaemonKeepsItselfOnPodsThatRun has it replace its own pods, the one that works among them, by a commit.
func TestTheDaemonKeepsItselfOnPodsThatRun(t *testing.T) {
	i := newInstallation(t)
	url := i.serve()
	i.repo.Write("self/lockstep.yaml", i.rendered(url, "info"))
	i.repo.Commit("Keep the daemon in step, too")
	i.apply(i.rendered(url, "info"))
	healthy := func(a status.App) bool { return a.State == "Healthy" }
	i.eventually("the app to be healthy", "web", healthy)
	i.eventually("the daemon to be healthy in its own eyes", "self", healthy)

	before := i.deployment(i.tools, "lockstep")
	i.repo.Write("self/lockstep.yaml", i.rendered(url, "debug"))
	began := time.Now()
	commit := i.repo.Commit("Log more")
	i.eventually("the daemon to have replaced itself", "self", func(a status.App) bool {
		return a.State == "Healthy" && a.Revision.Healthy.Hash == commit
	})
	t.Logf("a push that replaces the daemon's own pods was healthy after %s", time.Since(began).Round(10*time.Millisecond))
	after := i.deployment(i.tools, "lockstep")
	if after.UID != before.UID || after.Generation != before.Generation+1 || after.Status.UpdatedReplicas != 2 || after.Status.Replicas != 2 {
		t.Errorf("generation %d of %s became %d of %s: %+v", before.Generation, before.UID, after.Generation, after.UID, after.Status)
	}
	i.commit("Serve from 3 pods", edit{"web-deployment", "replicas: 1", "replicas: 3"})
	i.eventually("the app to go on", "web", func(a status.App) bool { return a.State == "Healthy" && a.Workloads[0].Ready == 3 })

	i.repo.Git("rm", "-q", "self/lockstep.yaml")
	i.repo.Write("self/other.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: %s}\n", i.tools))
	i.repo.Commit("Forget the daemon")
	i.eventually("it to stay all the same", "self", func(a status.App) bool {
		return a.State == "Blocked" && strings.Contains(a.Message, "an object of Lockstep itself")
	})
	if now := i.deployment(i.tools, "lockstep"); now.UID != after.UID || now.DeletionTimestamp != nil {
		t.Errorf("it has deleted itself: %v", now.ObjectMeta)
	}
	other := &corev1.ConfigMap{}
	if err := i.client.Get(t.Context(), client.ObjectKey{Namespace: i.tools, Name: "other"}, other); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("a part of the commit that is blocked was applied: %v", err)
	}
}
