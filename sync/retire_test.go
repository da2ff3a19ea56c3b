package sync_test

import (
	"context"
	"fmt"
	"strings"
	stdsync "sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const claimOfData = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
`

// told waits until the status of the app in that folder is as wanted.
func (s *fleetStage) told(name, what string, wanted func(status.App) bool) status.App {
	s.Helper()
	var app status.App
	clustertest.Eventually(s, name+" to be "+what, func(context.Context) (bool, string) {
		app, _ = s.store.App(s.named(name).Name)
		return wanted(app), describe(app)
	})
	return app
}

func (s *fleetStage) blocked(name string) status.App {
	s.Helper()
	return s.told(name, "blocked", func(app status.App) bool { return app.State == sync.Blocked })
}

// record is what is on record of the app in the folder a.
func (s *fleetStage) record() *inventory.Inventory {
	s.Helper()
	record, err := inventory.NewStore(s.client, s.namespace).Load(s.Context(), s.named("a").Name)
	if err != nil {
		s.Fatal(err)
	}
	return record
}

// many are folders of an app of six objects, and of two small ones, all of them live.
func (s *fleetStage) many() {
	s.Helper()
	s.sets = []sync.Set{s.perFolder(true)}
	s.folder("a", "b", "c")
	s.repo.Write("apps/a/more.yaml", settings(5))
	s.commit()
	s.run()
	s.live(3, "a", "b", "c", "settings-0", "settings-1", "settings-2", "settings-3", "settings-4")
}

func (s *fleetStage) drop(folders ...string) {
	for _, folder := range folders {
		s.repo.Git("rm", "-rq", "apps/"+folder)
	}
	s.commit()
}

func TestAnAppThatLeavesWithManyObjectsWaitsUntilItsSetAllowsIt(t *testing.T) {
	s := newFleetStage(t)
	s.many()
	s.drop("a")
	app := s.blocked("a")
	for _, want := range []string{"the app goes, and with it 6 of 6 objects", "configmap/settings-0", "set allowPrune: 6 in the config's entry of the app or of its folders"} {
		if !strings.Contains(app.Message, want) || strings.Contains(app.Message, "annotate") {
			t.Errorf("message %q, want %q", app.Message, want)
		}
	}
	s.sets[0].App.AllowPrune = 6
	s.tell()
	s.live(2, "b", "c")
	if !s.record().IsNew() {
		t.Error("it is still on record")
	}
}

func TestAnAppThatIsBlockedWhileItLeavesStaysWithoutPruning(t *testing.T) {
	s := newFleetStage(t)
	s.many()
	s.drop("a")
	s.blocked("a")
	s.sets[0].App.Prune = false
	s.tell()
	clustertest.Eventually(t, "the app to be forgotten", func(context.Context) (bool, string) {
		return len(s.store.Apps()) == 2, fmt.Sprint(len(s.store.Apps()))
	})
	s.live(2, "a", "b", "c", "settings-0", "settings-1", "settings-2", "settings-3", "settings-4")
}

func TestAnAppThatHasLeftIsToldToBeNobodysAnyMore(t *testing.T) {
	s := newFleetStage(t)
	s.sets = []sync.Set{s.perFolder(true)}
	s.folder("a", "b")
	s.commit()
	s.run()
	s.live(2, "a", "b")
	s.drop("a")
	s.live(1, "b")
	if retired := s.retired.Load(); retired != 1 {
		t.Errorf("of %d apps, want 1", retired)
	}
}

func TestDataOfAnAppThatLeavesIsDeletedByHand(t *testing.T) {
	s := newFleetStage(t)
	s.sets = []sync.Set{s.perFolder(true)}
	s.folder("a", "b")
	s.repo.Write("apps/a/data.yaml", claimOfData)
	s.commit()
	s.run()
	claim := &corev1.PersistentVolumeClaim{}
	key := client.ObjectKey{Namespace: s.namespace, Name: "data"}
	clustertest.Eventually(t, "the claim to be on record", func(ctx context.Context) (bool, string) {
		err := s.client.Get(ctx, key, claim)
		return err == nil && len(s.record().Entries) == 2, fmt.Sprint(err)
	})
	s.drop("a")
	if app := s.blocked("a"); !strings.Contains(app.Message, "data goes with them: would delete persistentvolumeclaim/data;") ||
		!strings.Contains(app.Message, "allowPrune: 2") || strings.Contains(app.Message, "annotate") {
		t.Errorf("message %q", app.Message)
	}
	if err := s.client.Delete(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	s.live(1, "b")
}

func TestFoldersThatAreGoneTogetherDeleteNothing(t *testing.T) {
	clustertest.Config(t) // skips here, not in each of the tests below
	for _, test := range []struct {
		folders, gone string
		restarted     bool
	}{{"a b", "a b", false}, {"a b", "a b", true}, {"a b c d e", "a b c", false}, {"a b c d e", "a b c", true}} {
		t.Run(fmt.Sprintf("%s of %s, restarted %t", test.gone, test.folders, test.restarted), func(t *testing.T) {
			s := newFleetStage(t)
			s.sets = []sync.Set{s.perFolder(true)}
			all, gone := strings.Fields(test.folders), strings.Fields(test.gone)
			s.folder(all...)
			s.commit()
			s.run()
			s.live(len(all), all...)
			if test.restarted {
				s.end()
				s.store = status.NewStore()
			}
			s.drop(gone...)
			if test.restarted {
				s.run()
			}
			for _, name := range gone {
				if app := s.blocked(name); !strings.Contains(app.Message, "not found") || !strings.Contains(app.Message, "kept 1 object") {
					t.Errorf("message %q", app.Message)
				}
			}
			for _, name := range all {
				if err := s.client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, &corev1.ConfigMap{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAnAppThatComesBackWhileItLeavesGoesOn(t *testing.T) {
	s := newFleetStage(t)
	s.many()
	before := &corev1.ConfigMap{}
	key := client.ObjectKey{Namespace: s.namespace, Name: "settings-0"}
	if err := s.client.Get(t.Context(), key, before); err != nil {
		t.Fatal(err)
	}
	s.drop("a")
	s.blocked("a")
	s.folder("a")
	s.repo.Write("apps/a/more.yaml", settings(4))
	s.commit()
	s.live(3, "a", "b", "c", "settings-0", "settings-1", "settings-2", "settings-3")
	after := &corev1.ConfigMap{}
	if err := s.client.Get(t.Context(), key, after); err != nil || before.UID != after.UID {
		t.Errorf("made anew: %v", err)
	}
}

func TestARetirementThatIsKilledAtAnyWriteIsCompletedByTheNextDaemon(t *testing.T) {
	clustertest.Config(t) // skips here, not in each of the tests below
	for _, late := range []bool{false, true} {
		for at, ended := 0, false; !ended; at++ {
			if at > 20 {
				t.Fatal("a retirement of more than 20 writes")
			}
			t.Run(fmt.Sprintf("write %d, late %t", at, late), func(t *testing.T) { ended = killRetirement(t, at, late) })
		}
	}
}

// killRetirement kills a daemon in the middle of a retirement, and lets another go on. It returns whether the retirement
// had ended before the kill.
func killRetirement(t *testing.T, at int, late bool) (ended bool) {
	t.Helper()
	s := newFleetStage(t)
	s.sets = []sync.Set{s.perFolder(true)}
	s.folder("a", "b", "c")
	s.repo.Write("apps/a/more.yaml", settings(2))
	s.commit()
	s.run()
	s.live(3, "a", "b", "c", "settings-0", "settings-1")
	s.end()
	s.drop("a")
	killed := make(chan struct{})
	s.options.wrap = (&killer{kill: stdsync.OnceFunc(func() { close(killed) }), at: at, late: late}).wrap
	s.run()
	clustertest.Eventually(t, "the kill, or the end", func(context.Context) (bool, string) {
		select {
		case <-killed:
			return true, ""
		default:
			ended = len(s.store.Apps()) == 2
			return ended, ""
		}
	})
	s.end()
	s.options.wrap, s.store = nil, status.NewStore()
	s.run()
	s.live(2, "b", "c")
	if !s.record().IsNew() {
		t.Error("it is still on record")
	}
	return ended
}

func TestWhatAnotherConfigKeepsIsNotTouched(t *testing.T) {
	s := newFleetStage(t)
	other := s.perFolder(true)
	other.Pattern, other.Prefix, other.App.Set = "other/*", other.Prefix+"other-", "shop other/*"
	s.apps, s.sets = []sync.App{s.named("x")}, []sync.Set{other}
	s.folder("x", "b")
	s.repo.Write("other/z/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\n")
	s.commit()
	s.run()
	s.live(2, "x", "z")
	s.end()
	s.repo.Git("rm", "-rq", "apps/x", "other/z")
	s.apps, s.sets, s.store = nil, []sync.Set{s.perFolder(true)}, status.NewStore()
	s.commit()
	s.run()
	s.live(1, "b", "x", "z")
	s.folder("c")
	s.commit()
	s.live(2, "b", "c", "x", "z")
}

// begun leaves the retirement of a begun: a daemon has put it on record, could delete nothing, and has ended.
func (s *fleetStage) begun() {
	s.Helper()
	s.apps = []sync.App{s.named("a"), s.named("b")}
	s.folder("a", "b")
	s.commit()
	s.options.wrap = func(c client.WithWatch) client.WithWatch {
		return interceptor.NewClient(c, interceptor.Funcs{
			Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
				return apierrors.NewInternalError(errKilled)
			},
		})
	}
	s.run()
	s.live(2, "a", "b")
	s.apps = s.apps[1:]
	s.tell()
	s.told("a", "failed", func(app status.App) bool { return app.State == sync.Failed })
	s.end()
	s.options.wrap, s.store = nil, status.NewStore()
	if !s.record().Leaving {
		s.Error("that it leaves is not on record")
	}
}

func TestARetirementThatWasBegunIsEndedByTheNextDaemon(t *testing.T) {
	s := newFleetStage(t)
	s.begun()
	s.run()
	s.live(1, "b")
	if !s.record().IsNew() {
		t.Error("it is still on record")
	}
}

func TestAnAppThatIsWantedAgainIsNotRetiredForWhatWasBegun(t *testing.T) {
	s := newFleetStage(t)
	s.begun()
	s.apps = append(s.apps, s.named("a"))
	s.run()
	s.live(2, "a", "b")
	if s.record().Leaving {
		t.Error("it still leaves, says the record")
	}
}

func TestARetirementOfAnotherRepositoryIsNotEndedHere(t *testing.T) {
	s := newFleetStage(t)
	s.begun()
	ledger := inventory.NewStore(s.client, s.namespace)
	record, err := ledger.Load(t.Context(), s.named("a").Name)
	if err != nil {
		t.Fatal(err)
	}
	record.Source = "https://git.example.com/other.git"
	if err := ledger.Save(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	s.run()
	s.live(1, "a", "b")
	s.folder("b")
	s.repo.Write("apps/b/more.yaml", settings(1))
	s.commit()
	s.live(1, "a", "b", "settings-0")
}
