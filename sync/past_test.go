package sync_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// longAgo commits states of 1 to 5 pods and lets the daemon apply those from the second on: of the first it knows nothing, and
// of the second nothing is kept.
func longAgo(t *testing.T, s *stage, push func()) (hashes []string) {
	t.Helper()
	for i := range 5 {
		hashes = append(hashes, s.commit("web-deployment.yaml", deployment(t, i+1)))
		if push(); i > 0 {
			s.pass()
		}
	}
	return hashes
}

func TestGoingBackByHandToACommitThatIsNotKept(t *testing.T) {
	s := newStage(t, options{}, append(web(t, 1), "a.yaml", settings(2))...)
	all := longAgo(t, s, func() {})
	if is := s.goesBack(all[1][:7]); is.err != nil || is.outcome.State != sync.RolledBack || is.outcome.Back.String() !=
		"main@sha1:"+all[4][:7]+" is held back by hand, until a newer commit or lockstep sync; back on main@sha1:"+all[1][:7] {
		t.Fatalf("%+v, %s", is, is.outcome.Back)
	}
	if *s.deployment().Spec.Replicas != 2 || s.stored().Revision != "main@sha1:"+all[1] || s.stored().Healthy[0].Revision != "main@sha1:"+all[1] {
		t.Errorf("applied %s", s.stored().Revision)
	}
	s.anew()
	if outcome := s.pass(); outcome.State != sync.RolledBack || *s.deployment().Spec.Replicas != 2 {
		t.Errorf("the next process: %s", outcome.State)
	}
	s.comesTo("sha1:"+all[0][:9], sync.RolledBack, 1)
	if to := s.stored().Return.To; to != "sha1:"+all[0] {
		t.Errorf("a commit that was never live here is %s", to)
	}
	s.commit("README", "of no object\n")
	if outcome := s.pass(); outcome.State != sync.RolledBack {
		t.Errorf("a commit with the same objects: %s", outcome.State)
	}
	s.commit("web-deployment.yaml", deployment(t, 6))
	if outcome := s.pass(); outcome.State != sync.Healthy || *s.deployment().Spec.Replicas != 6 {
		t.Errorf("another commit: %s", outcome.State)
	}
	s.comesTo(all[1], sync.RolledBack, 2)
	var is ended
	s.loop.Reconciler.Order(t.Context(), sync.Order{App: s.name, Verb: sync.OrderSync, Done: answer(&is)})
	s.pass()
	if is.outcome.State != sync.Healthy || *s.deployment().Spec.Replicas != 6 {
		t.Errorf("sync: %+v", is)
	}
}

func TestACommitThatIsNotToBeHadIsRefusedAndTheAppGoesOn(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	broken := s.commit("web-deployment.yaml", "kind: [\n")
	gone := s.commit("web-deployment.yaml", deployment(t, 1))
	s.pass()
	s.repo.Git("rm", "-rq", "manifests")
	empty := s.repo.Commit("Remove all")
	head := s.commit(web(t, 2)...)
	s.pass()
	for to, want := range map[string]string{
		broken:    "web-deployment.yaml:1",
		empty:     "manifests",
		"1234567": "commit 1234567 not found",
		"v1.0":    `"v1.0" is no commit`,
	} {
		is := s.goesBack(to)
		if is.err == nil || !strings.Contains(is.err.Error(), want) || !strings.Contains(is.err.Error(), `no healthy state of "`+to+`" is kept`) {
			t.Errorf("%s: %v", to, is.err)
		}
		if r := s.stored(); r.Return != nil || r.Revision != "main@sha1:"+head {
			t.Errorf("%s: on record: %s, %+v", to, r.Revision, r.Return)
		}
	}
	if outcome := s.pass(); outcome.State != sync.Healthy || *s.deployment().Spec.Replicas != 2 {
		t.Errorf("it is %s", outcome.State)
	}
	s.comesTo(gone[:7], sync.RolledBack, 1)
}

func TestGuardsHoldForACommitThatIsNotKept(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.write("a.yaml", strings.Replace(settings(1), "metadata: {", `metadata: {annotations: {lockstep.dev/allow-prune: "true"}, `, 1))
	few := s.commit()
	s.commit("a.yaml", settings(9))
	s.pass()
	is := s.goesBack(few)
	if _, blocked := errors.AsType[*apply.Blocked](is.err); !blocked || is.outcome.State != sync.Blocked ||
		!strings.Contains(is.err.Error(), "to allow it, set allowPrune: 8 for the app") {
		t.Fatalf("%+v", is)
	}
	if n := len(s.configMaps()); n != 9 {
		t.Errorf("%d objects are left", n)
	}
	s.loop.Reconciler.App.AllowPrune = 8
	if outcome := s.pass(); outcome.State != sync.RolledBack || len(s.configMaps()) != 1 {
		t.Errorf("allowed: %s, %v", outcome.State, s.configMaps())
	}
}

func TestAnUnsignedCommitIsNotGoneBackTo(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	unsigned := s.commit()
	keys := s.signs("web-deployment.yaml", deployment(t, 2))
	repository, err := git.Open(git.Options{URL: s.repo.Dir, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	s.loop.Reconciler.Source = repository
	s.pass()
	if is := s.goesBack(unsigned); is.err == nil || !errors.Is(is.err, git.ErrSignature) {
		t.Errorf("%v", is.err)
	}
	if *s.deployment().Spec.Replicas != 2 {
		t.Error("it was applied")
	}
}

// signs commits files with a new SSH key, and returns a folder with its public half.
func (s *stage) signs(files ...string) (keys string) {
	s.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		s.Skip("ssh-keygen is not installed: apt-get install openssh-client")
	}
	private, keys := filepath.Join(s.TempDir(), "id"), s.TempDir()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada@example.com", "-f", private).CombinedOutput(); err != nil {
		s.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	if err := os.Rename(private+".pub", filepath.Join(keys, "ada.pub")); err != nil {
		s.Fatal(err)
	}
	s.write(files...)
	s.repo.Git("add", "-A")
	s.repo.Git("-c", "gpg.format=ssh", "-c", "user.signingKey="+private, "commit", "-q", "-S", "-m", "Sign")
	return keys
}

func TestACommitThatTheServerGivesIsGoneBackToWithoutTheServer(t *testing.T) {
	bare := newBare(t)
	bare.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
	s := newStage(t, options{url: bare.Serve()}, web(t, 1)...)
	s.repo.Git("remote", "add", "origin", bare.Dir)
	all := longAgo(t, s, func() { s.repo.Git("push", "-q", "origin", "main") })
	s.start()
	s.serves(all[4], 5)
	is := s.orderTo(all[0])
	if is.err != nil || is.outcome.State != sync.RolledBack || *s.deployment().Spec.Replicas != 1 {
		t.Fatalf("%+v", is)
	}
	hide(t, bare)
	is = s.orderTo(all[2][:7]) // it has been here
	if _, stalled := errors.AsType[*sync.Error](is.err); is.err != nil && !stalled || *s.deployment().Spec.Replicas != 3 {
		t.Errorf("%+v", is)
	}
}

// TestADaemonThatIsKilledOnTheWayToACommitIsCompletedByTheNext needs the record to have the state: git may be away by then.
func TestADaemonThatIsKilledOnTheWayToACommitIsCompletedByTheNext(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	all := longAgo(t, s, func() {})
	wired := s.loop
	o := s.options
	k := &killer{at: 1}
	o.wrap = k.wrap
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	k.kill = kill
	s.loop = s.wire(wired.Reconciler.App, o)
	s.loop.Reconciler.Order(ctx, sync.Order{App: s.name, Verb: sync.OrderRollback, To: all[0], Done: answer(new(ended))})
	if _, err := s.loop.Reconciler.Reconcile(ctx); err == nil {
		t.Fatal("it was not killed")
	}
	if back := s.stored().Return; back == nil || back.State == nil || back.Done {
		t.Fatalf("on record: %+v", back)
	}
	s.anew()
	s.loop.Reconciler.Source = gone{}
	_, _ = s.loop.Reconciler.Reconcile(t.Context()) // the outage is an error of its own
	if r := s.stored(); *s.deployment().Spec.Replicas != 1 || !r.Return.Done || r.Return.State != nil || r.State("sha1:"+all[0]) == nil {
		t.Errorf("on record: %+v", r.Return)
	}
}
