package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// freeze stops the process of the pod that works, as a node does that is short of time or memory, until wake is called.
func (i *installation) freeze() (pod string, wake func()) {
	i.t.Helper()
	_, pod, err := i.said(i.t.Context(), "web")
	must(i.t, err)
	pid := processOf(i.tools, pod)
	if pid == 0 {
		i.t.Skip("needs to stop a process of the node: run it as root on the machine that the node is, or that the node's processes are on")
	}
	must(i.t, syscall.Kill(pid, syscall.SIGSTOP))
	wake = func() { _ = syscall.Kill(pid, syscall.SIGCONT) } // it may have ended since
	i.t.Cleanup(wake)
	return pod, wake
}

// processOf finds the process of a pod of the daemon by the environment that the chart gives it; 0 where it is not seen.
func processOf(namespace, pod string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // of somebody else, or over
		}
		variables := bytes.Split(text, []byte{0})
		has := func(name, value string) bool {
			return slices.ContainsFunc(variables, func(v []byte) bool { return string(v) == name+"="+value })
		}
		if has("POD_NAME", pod) && has("POD_NAMESPACE", namespace) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			return pid
		}
	}
	return 0
}

// standsBy waits until a pod says that it is a standby.
func (i *installation) standsBy(pod string) {
	i.t.Helper()
	clustertest.Eventually(i.t, pod+" to stand by", func(ctx context.Context) (bool, string) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		answer, err := i.pods.CoreV1().Pods(i.tools).ProxyGet("http", pod, "8080", "/api/v1/apps", self).DoRaw(ctx)
		if err != nil {
			return false, err.Error()
		}
		var said status.List
		if err := json.Unmarshal(answer, &said); err != nil || said.Replica == nil {
			return false, fmt.Sprintf("%s: %v", answer, err)
		}
		return said.Replica.Standby, fmt.Sprintf("%+v", *said.Replica)
	})
}

// written is what only the pod that works may write.
func (i *installation) written() string {
	i.t.Helper()
	live := i.deployment(i.namespace, "web-server")
	text := fmt.Sprintf("deployment of generation %d", live.Generation)
	for _, fields := range live.ManagedFields {
		if fields.Manager == "lockstep" && fields.Operation == metav1.ManagedFieldsOperationApply {
			text += ", applied at " + fields.Time.String()
		}
	}
	record := &corev1.Secret{}
	must(i.t, i.client.Get(i.t.Context(), client.ObjectKey{Namespace: i.tools, Name: inventory.NameOf("web")}, record))
	lease := &coordinationv1.Lease{}
	must(i.t, i.client.Get(i.t.Context(), client.ObjectKey{Namespace: i.tools, Name: "lockstep"}, lease))
	return fmt.Sprintf("%s, record of version %s, lease of %s", text, record.ResourceVersion, *lease.Spec.HolderIdentity)
}

// TestAFrozenLeaderOnPodsThatRun stops the process that works while a commit is due. What it knows when it wakes up is the commit
// before: it would take what another pod has made since for drift, and set it back.
func TestAFrozenLeaderOnPodsThatRun(t *testing.T) {
	i := newInstallation(t)
	i.release("install", "../../../charts/lockstep", "--values", i.values)
	i.eventually("the first commit to be healthy", "web", func(a status.App) bool { return a.State == "Healthy" })

	frozen, wake := i.freeze()
	began := i.commit("Serve from 3 pods", edit{"web-deployment", "replicas: 1", "replicas: 3"})
	i.eventually("another pod to take over", "web", func(a status.App) bool { return a.State == "Healthy" && a.Workloads[0].Ready == 3 })
	t.Logf("a push while %s was frozen was healthy after %s", frozen, time.Since(began).Round(10*time.Millisecond))

	before, generation := i.written(), i.deployment(i.namespace, "web-server").Generation
	wake()
	i.standsBy(frozen)
	if after := i.written(); after != before {
		t.Errorf("before it woke up: %s\nand since: %s", before, after)
	}
	i.commit("Serve from 2 pods", edit{"web-deployment", "replicas: 3", "replicas: 2"})
	i.eventually("the other pod to go on", "web", func(a status.App) bool { return a.State == "Healthy" && a.Workloads[0].Ready == 2 })
	if now := i.deployment(i.namespace, "web-server").Generation; now != generation+1 {
		t.Errorf("one commit took the Deployment from generation %d to %d", generation, now)
	}
	pod := &corev1.Pod{}
	must(t, i.client.Get(t.Context(), client.ObjectKey{Namespace: i.tools, Name: frozen}, pod))
	if n := pod.Status.ContainerStatuses[0].RestartCount; n > 0 {
		t.Errorf("the pod that was frozen was restarted %d times instead of becoming a standby", n)
	}
}
