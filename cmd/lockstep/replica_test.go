package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestAStandbyTakesOverFromALeaderThatIsKilled(t *testing.T) {
	p := newPair(t)
	first, second := p.leaderAndStandby(2)
	if got := p.ledger.of("/"); len(got) == 0 || got[len(got)-1].by != "first" {
		t.Fatalf("written before the takeover: %+v", got)
	}
	killed := time.Now()
	first.signal(syscall.SIGKILL)
	p.settings(2, "two")
	t.Logf("the commit after a SIGKILL was live after %v", p.have(2, "two").Sub(killed).Round(time.Millisecond))
	second.leads()
}

func TestAStandbyTakesOverFromALeaderThatIsTerminated(t *testing.T) {
	p := newPair(t)
	first, second := p.leaderAndStandby(2)
	terminated := time.Now()
	first.signal(syscall.SIGTERM)
	p.settings(2, "two")
	t.Logf("the commit after a SIGTERM was live after %v", p.have(2, "two").Sub(terminated).Round(time.Millisecond))
	second.leads()
}

func TestALeaderThatIsFrozenInAnApplyWritesNothingOnceAnotherLeads(t *testing.T) {
	const objects = 60
	p := newPair(t)
	first, second := p.leaderAndStandby(objects)

	frozen := make(chan struct{})
	freeze := stdsync.OnceFunc(func() {
		_ = first.cmd.Process.Signal(syscall.SIGSTOP)
		close(frozen)
	})
	written := 0
	p.ledger.on(func(w request) {
		if w.by != "first" || !strings.Contains(w.path, "/configmaps/") {
			return
		}
		p.ledger.mu.Lock()
		written++
		half := written == objects/3
		p.ledger.mu.Unlock()
		if half {
			freeze()
		}
	})
	p.settings(objects, "two")
	<-frozen
	p.have(objects, "two") // by the second
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	first.waits()
	p.settings(objects, "three")
	p.have(objects, "three")
	second.leads()

	writes := p.ledger.of("/")
	begun := -1
	for i, w := range writes {
		switch {
		case w.by == "second" && begun < 0:
			begun = i
		case w.by == "first" && begun >= 0:
			t.Errorf("the first has written %s %s %v after the second began", w.method, w.path, w.at.Sub(writes[begun].at))
		}
	}
	if begun < objects/3 || len(writes) < begun+objects {
		t.Errorf("%d of %d writes were the first's, want some, and all of the rest by the second", begun, len(writes))
	}
}

// lockstep runs a command and returns what it prints, and the exit code.
func (p *pair) lockstep(args ...string) (string, int) {
	p.Helper()
	cmd := exec.Command("lockstep", args...)
	out, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		p.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestAStandbyAnswersForTheLeaderAndLeavesCommandsToIt(t *testing.T) {
	p := newPair(t)
	first, second := p.leaderAndStandby(1)

	for _, args := range [][]string{{"status"}, {"status", "app"}} {
		of := func(d *process) string {
			out, code := p.lockstep(append(args, "-o", "json", "--server", "http://"+d.address)...)
			var said struct {
				Apps     []status.App
				Name     string
				Revision status.Revision
			}
			if err := json.Unmarshal([]byte(out), &said); err != nil || code != exitHealthy {
				t.Errorf("lockstep %s of %s: %d %s", args, d.name, code, out)
			}
			for _, app := range said.Apps {
				said.Name, said.Revision = app.Name, app.Revision
			}
			return fmt.Sprint(said.Name, said.Revision)
		}
		if leader, standby := of(first), of(second); leader != standby || !strings.HasPrefix(leader, "app{main@sha1:") {
			t.Errorf("lockstep %s: the leader says %s, the standby %s", args, leader, standby)
		}
	}
	answer, err := http.Get("http://" + second.address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("/readyz of the standby: %s", answer.Status)
	}

	out, code := p.lockstep("suspend", "app", "--state-namespace", p.namespace, "--kubeconfig", clustertest.Kubeconfig(t))
	if code != exitHealthy {
		t.Fatalf("suspend: %d %s", code, out)
	}
	first.signal(syscall.SIGKILL)
	// Who has taken over knows of the command by the record, and takes up the next, which is given before.
	out, code = p.lockstep("resume", "app", "--state-namespace", p.namespace, "--kubeconfig", clustertest.Kubeconfig(t))
	if code != exitHealthy {
		t.Fatalf("resume: %d %s", code, out)
	}
	second.leads()
}

// TestAPushThatTheLeaderDoesNotHearOfIsLiveWithTheNext has the repository rest for so long that it is asked once an hour, and
// pushes while nobody leads: the webhook would have gone to whoever led last.
func TestAPushThatTheLeaderDoesNotHearOfIsLiveWithTheNext(t *testing.T) {
	p := newPair(t)
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_DATE", "2020-01-01T00:00:00Z")
	}
	p.settings(1, "one")
	flags := []string{"--repo", p.repo.Serve(), "--path", "app", "--name", "app", "-n", p.namespace, "--interval", "1h"}
	first := p.start("first", flags...)
	first.leads()
	p.start("second", flags...).waits()
	first.signal(syscall.SIGKILL)
	p.settings(1, "two")
	p.have(1, "two")
}

func TestACommandIsAnsweredWhenTheLeaderThatHasTakenItUpIsKilled(t *testing.T) {
	p := newPair(t)
	p.repo.Write("app/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: hangs}\nspec: {nodeSelector: {is: nowhere}, containers: [{name: c, image: c}]}\n")
	p.repo.Commit("hangs")
	first := p.start("first", append(p.app(), "--timeout", "1h")...)
	clustertest.Eventually(t, "the gate to wait", func(ctx context.Context) (bool, string) {
		list, err := first.list(ctx)
		return len(list.Apps) == 1 && list.Apps[0].Reason == "Unschedulable", fmt.Sprint(list, err)
	})
	p.start("second", append(p.app(), "--timeout", "1h")...).waits()
	said := make(chan string, 1)
	go func() {
		out, code := p.lockstep("sync", "app", "--state-namespace", p.namespace, "--kubeconfig", clustertest.Kubeconfig(t))
		said <- fmt.Sprint(code, " ", out)
	}()
	clustertest.Eventually(t, "the command to be taken up", func(ctx context.Context) (bool, string) {
		var request corev1.Secret
		err := p.client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: "lockstep-request.app"}, &request)
		return inventory.IsUnanswered(&request), fmt.Sprint(err)
	})
	first.signal(syscall.SIGKILL)
	select {
	case got := <-said:
		if !strings.HasPrefix(got, "1 ") || !strings.Contains(got, lostWords) {
			t.Errorf("the command says %s", got)
		}
	case <-time.After(time.Minute):
		t.Error("the command waits for a daemon that has ended")
	}
}

// TestAStandbySaysThatTheLeaderDoesNotAnswer freezes it, with so long a Lease that nobody takes over meanwhile.
func TestAStandbySaysThatTheLeaderDoesNotAnswer(t *testing.T) {
	p := newPair(t)
	p.settings(1, "one")
	flags := append(p.app(), "--lease-duration", "15s")
	first := p.start("first", flags...)
	first.leads()
	second := p.start("second", flags...)
	second.waits()
	list, err := first.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := "not all apps are shown: " + status.ParseIdentity(list.Replica.Identity).Name() + ", which holds lockstep, does not answer\n"

	first.signal(syscall.SIGSTOP)
	for _, args := range [][]string{{"status"}, {"status", "app"}} {
		if out, _ := p.lockstep(append(args, "--server", "http://"+second.address)...); !strings.Contains(out, want) {
			t.Errorf("lockstep %s says %q, want %q", args, out, want)
		}
	}
	first.signal(syscall.SIGCONT)
}

func TestTwoDaemonsThatDoNotTakeTurnsDoNotFight(t *testing.T) {
	const objects = 5
	p := newPair(t)
	p.settings(objects, "one")
	alone := append(p.app(), "--leader-elect=false")
	p.start("first", alone...)
	p.have(objects, "one")
	p.start("second", alone...)
	for _, value := range []string{"two", "three", "four"} {
		p.settings(objects, value)
		p.have(objects, value)
	}
	quiet := len(p.ledger.of("/configmaps/"))
	if most := 2 * objects * 4; quiet > most {
		t.Errorf("%d writes for four commits, want at most %d", quiet, most)
	}
}

func TestWhatLeavesWhileTheLeaderIsFrozenIsRetiredByTheNext(t *testing.T) {
	p := newPair(t)
	p.write("keep", "keep", "one")
	p.write("gone", "gone", "one")
	p.repo.Commit("one")
	config := filepath.Join(t.TempDir(), "lockstep.yaml")
	entry := func(name string) string {
		return fmt.Sprintf("- {name: %s, path: %s, repository: shop, namespace: %s}\n", name, name, p.namespace)
	}
	p.config(config, entry("keep")+entry("gone"))
	first := p.start("first", "--config", config)
	kept := p.uid("keep", "keep", "one")
	p.uid("gone", "gone", "one")
	second := p.start("second", "--config", config)
	second.waits()
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.config(config, entry("keep"))
	clustertest.Eventually(t, "the app that left to be pruned", func(ctx context.Context) (bool, string) {
		err := p.client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: "gone"}, &corev1.ConfigMap{})
		return apierrors.IsNotFound(err), fmt.Sprint(err)
	})
	second.leads()
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	first.waits()
	if p.uid("keep", "keep", "one") != kept {
		t.Error("the other app was made anew")
	}
}

// config writes a config file with entries of apps.
func (p *pair) config(file, entries string) {
	p.Helper()
	text := fmt.Sprintf("apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories: [{name: shop, url: %q, interval: 1s}]\napps:\n%s", p.repo.Dir, entries)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}
