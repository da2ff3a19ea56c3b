package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// sharded is the config of an installation whose pods share the apps in the folders below apps.
const sharded = `
replicas: 3
shards: 4
config:
  repositories: [{name: shop, url: %q, interval: 1s}]
  apps: [{repository: shop, paths: "apps/*", namespace: %s}]
rbac: {namespaces: [%[2]s]}
image: {repository: %[3]s, tag: %[4]q, pullPolicy: Never}
`

const folders = 12

// number gives each folder a ConfigMap of its name with a number, and returns the commit.
func (i *installation) number(n int) string {
	i.t.Helper()
	for k := range folders {
		i.repo.Write(fmt.Sprintf("apps/part-%d/number.yaml", k),
			fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: part-%d}\ndata: {number: %q}\n", k, fmt.Sprint(n)))
	}
	return i.repo.Commit(fmt.Sprintf("Say %d", n))
}

// kept is which pod keeps each app at the commit, and what is wrong: an app that two keep, or none.
func (i *installation) kept(ctx context.Context, commit string) (by map[string]string, wrong string) {
	pods, err := i.pods.CoreV1().Pods(i.tools).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=lockstep"})
	if err != nil {
		return nil, err.Error()
	}
	by = map[string]string{}
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp != nil {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, patience)
		answer, err := i.pods.CoreV1().Pods(i.tools).ProxyGet("http", pod.Name, "8080", "/api/v1/apps", self).DoRaw(asking)
		cancel()
		var said status.List
		if err == nil {
			err = json.Unmarshal(answer, &said)
		}
		if err != nil {
			return nil, fmt.Sprintf("%s: %v", pod.Name, err)
		}
		for _, app := range said.Apps {
			if by[app.Name] != "" {
				return nil, fmt.Sprintf("%s is kept by %s and %s", app.Name, by[app.Name], pod.Name)
			}
			if app.State != "Healthy" || app.Revision.Healthy.Hash != commit {
				return nil, fmt.Sprintf("%s is %s at %s: %s", app.Name, app.State, app.Revision.Healthy, app.Message)
			}
			by[app.Name] = pod.Name
		}
	}
	if len(by) != folders {
		return by, fmt.Sprintf("%d of %d apps are kept: %v", len(by), folders, by)
	}
	return by, ""
}

// shared waits until each app is kept by one pod at the commit, and returns how many each pod has.
func (i *installation) shared(commit string) map[string]int {
	i.t.Helper()
	counts := map[string]int{}
	clustertest.Eventually(i.t, "each app to be kept by one pod", func(ctx context.Context) (bool, string) {
		by, wrong := i.kept(ctx, commit)
		clear(counts)
		for _, pod := range by {
			counts[pod]++
		}
		return wrong == "", wrong
	})
	return counts
}

// TestShardsOnPodsThatRun has three pods share apps, kills one of them, and has a fourth join.
func TestShardsOnPodsThatRun(t *testing.T) {
	i := newInstallation(t)
	name, tag, _ := strings.Cut(*daemonImage, ":")
	must(t, os.WriteFile(i.values, fmt.Appendf(nil, sharded, i.serve(), i.namespace, name, tag), 0o600))
	first := i.number(1)
	i.release("install", "../../../charts/lockstep", "--values", i.values)
	counts := i.shared(first)
	if len(counts) != 3 {
		t.Errorf("of three pods some keep no app: %v", counts)
	}

	var killed string
	for killed = range counts {
		break
	}
	i.lose(killed)
	began := time.Now()
	counts = i.shared(i.number(2))
	t.Logf("a push after %s was killed was healthy everywhere after %s: %v", killed, time.Since(began).Round(10*time.Millisecond), counts)
	if counts[killed] > 0 {
		t.Errorf("the pod that was killed still keeps apps: %v", counts)
	}

	i.release("upgrade", "../../../charts/lockstep", "--values", i.values, "--set", "replicas=4")
	third := i.number(3)
	clustertest.Eventually(t, "the fourth pod to be given a part", func(ctx context.Context) (bool, string) {
		by, wrong := i.kept(ctx, third)
		pods := map[string]bool{}
		for _, pod := range by {
			pods[pod] = true
		}
		return wrong == "" && len(pods) == 4, fmt.Sprintf("%s %v", wrong, by)
	})
}
