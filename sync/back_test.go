package sync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// rollsBack are options of an app that goes back to its last healthy state.
func rollsBack() options {
	return options{interval: time.Hour, app: func(app *sync.App) { app.Rollback = true }}
}

// deaf is the example's Service with a selector that matches no pod: a commit with it does not serve, and that is certain at
// once.
func deaf(t testing.TB) string {
	t.Helper()
	return replace(t, example(t, "web-service.yaml"), "app: web", "app: wbe")
}

// huge is the example's Deployment with a request that no node has room for.
func huge(t testing.TB, replicas int) string {
	t.Helper()
	text := replace(t, deployment(t, replicas), "cpu: 100m", "cpu: 64")
	return replace(t, text, "cpu: 200m", "cpu: 64")
}

// backOn waits until the commit called bad has been taken back and the one called good serves.
func (s *stage) backOn(good, bad string) status.App {
	s.Helper()
	return s.waitFor(fmt.Sprintf("%s to be back on %s", bad[:7], good[:7]), func(app status.App) bool {
		return app.State == sync.RolledBack && app.Revision.Seen.Hash == bad && app.Revision.Applied.Hash == good &&
			app.Revision.Healthy.Hash == good
	})
}

// stored is what is on record of the app.
func (s *stage) stored() *inventory.Inventory {
	s.Helper()
	record, err := inventory.NewStore(s.client, s.namespace).Load(s.Context(), s.name)
	if err != nil {
		s.Fatal(err)
	}
	return record
}

// another is what a second daemon makes of the app: nothing is left of the first but what is in the cluster.
func (s *stage) another() {
	s.Helper()
	s.store = status.NewStore(s.loop.Reconciler.App)
	s.loop = s.wire(s.loop.Reconciler.App, s.options)
	s.start()
}

// tells wants both revisions and the reason named.
func (s *stage) tells(app status.App, good, bad string) {
	s.Helper()
	for _, want := range []string{"main@sha1:" + bad[:7] + " was rejected: SelectorMatchesNothing: ", "app=wbe", "; back on main@sha1:" + good[:7]} {
		if !strings.Contains(app.Message, want) {
			s.Errorf("%q does not say %q", app.Message, want)
		}
	}
	if app.Reason != "SelectorMatchesNothing" || len(app.Revision.Rejected) != 1 || app.Revision.Rejected[0].Hash != bad {
		s.Errorf("reason %s, rejected %v", app.Reason, app.Revision.Rejected)
	}
}

func TestACommitThatDoesNotServeIsTakenBackOnce(t *testing.T) {
	service, workload := &applies{name: "web-service"}, &applies{name: "web-server"}
	o := rollsBack()
	o.wrap = service.wrap
	s := newStage(t, o, web(t, 2)...)
	good := s.commit()
	end := s.start()
	s.serves(good, 2)
	bad := s.commit("web-service.yaml", deaf(t))
	s.tells(s.backOn(good, bad), good, bad)
	if n := service.n.Load(); n != 3 { // created, broken, and back
		t.Errorf("the Service was applied %d times", n)
	}
	history := s.stored().History
	if len(history) != 2 || history[0].State != "RolledBack" || history[0].Reason != "SelectorMatchesNothing" || history[1].State != "Healthy" {
		t.Errorf("history %+v", history)
	}
	end()
	s.options.wrap = func(c client.WithWatch) client.WithWatch { return service.wrap(workload.wrap(c)) }
	s.another()
	s.backOn(good, bad)
	if n := service.n.Load() + workload.n.Load(); n != 3 {
		t.Errorf("another daemon applied %d objects", n-3)
	}
	s.edit(s.service(), `{"spec":{"selector":{"app":"theirs"}}}`)
	s.waitFor("drift to be set back to the state that is live", func(app status.App) bool {
		return told(app, "service/web-service configured") && app.State == sync.RolledBack
	})
	if is := s.service().Spec.Selector["app"]; is != "web" {
		t.Errorf("the selector is %q", is)
	}
	next := s.commit("web-service.yaml", example(t, "web-service.yaml"), "web-deployment.yaml", deployment(t, 3))
	s.serves(next, 3)
	if r := s.stored(); r.Return != nil || len(r.Rejected) != 1 || r.Healthy[0].Revision != "main@sha1:"+next {
		t.Errorf("on record after the next commit: %+v", r)
	}
}

func TestWhatABadCommitBroughtGoesAndDataStays(t *testing.T) {
	s := newStage(t, rollsBack(), append(web(t, 1), "a.yaml", settings(2))...)
	good := s.commit()
	s.start()
	s.serves(good, 1)
	claim := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n" +
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n"
	s.repo.Git("rm", "-q", "manifests/a.yaml")
	many := strings.ReplaceAll(settings(9), "settings-", "new-")
	bad := s.commit("web-service.yaml", deaf(t), "b.yaml", many, "claim.yaml", claim)
	s.backOn(good, bad)
	if live := s.configMaps(); !slices.Equal(live, []string{"settings-0", "settings-1"}) {
		t.Errorf("live: %v", live)
	}
	var data corev1.PersistentVolumeClaim
	if err := s.client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "data"}, &data); err != nil {
		t.Errorf("the claim: %v", err)
	}
	if told := strings.Join(s.app().Warnings, "\n"); !strings.Contains(told, "persistentvolumeclaim/data stays: data would go with it") {
		t.Errorf("that the claim stays is not told: %s", told)
	}
}

func TestAFirstCommitThatDoesNotServeIsHeld(t *testing.T) {
	s := newStage(t, rollsBack(), "web-deployment.yaml", deployment(t, 1), "web-service.yaml", deaf(t))
	bad := s.commit()
	s.start()
	app := s.fails(bad)
	if !strings.Contains(app.Message, "it stays as it is, as no commit before it was healthy") || s.service().Spec.Selector["app"] != "wbe" {
		t.Errorf("%s", app.Message)
	}
	s.serves(s.commit(web(t, 2)...), 2)
}

func TestWithoutTheOptionACommitThatDoesNotServeIsHeld(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	good := s.commit()
	s.start()
	s.serves(good, 1)
	bad := s.commit("web-service.yaml", deaf(t))
	s.fails(bad)
	if r := s.stored(); s.service().Spec.Selector["app"] != "wbe" || r.Return != nil || len(r.Rejected) != 0 {
		t.Errorf("selector %v, record %+v", s.service().Spec.Selector, r.Return)
	}
}

func TestWhatServedBeforeIsNotTakenBackWhenTheClusterChanges(t *testing.T) {
	o := rollsBack()
	o.timeout = 2 * time.Second
	s := newStage(t, o, web(t, 1)...)
	first := s.commit()
	end := s.start()
	s.serves(first, 1)
	second := s.commit("web-deployment.yaml", deployment(t, 2))
	s.serves(second, 2)
	end()
	s.noPods()
	for _, pod := range s.pods() {
		if err := s.client.Delete(t.Context(), &pod); err != nil {
			t.Fatal(err)
		}
	}
	s.another()
	app := s.fails(second)
	if app.Revision.Applied.Hash != second || app.Reason != "QuotaExceeded" || *s.deployment().Spec.Replicas != 2 {
		t.Errorf("%s", describe(app))
	}
}

// noPods lets no more pods be created in the namespace, until the func that is returned is called.
func (s *stage) noPods() (allow func()) {
	s.Helper()
	quota := &corev1.ResourceQuota{}
	quota.Namespace, quota.Name = s.namespace, "none"
	quota.Spec.Hard = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}
	if err := s.client.Create(s.Context(), quota); err != nil {
		s.Fatal(err)
	}
	clustertest.Eventually(s, "the quota to be in force", func(ctx context.Context) (bool, string) {
		err := s.client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "none"}, quota)
		return err == nil && len(quota.Status.Hard) > 0, fmt.Sprint(quota.Status, err)
	})
	return func() {
		if err := s.client.Delete(s.Context(), quota); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *stage) pods() []corev1.Pod {
	s.Helper()
	var list corev1.PodList
	if err := s.client.List(s.Context(), &list, client.InNamespace(s.namespace)); err != nil {
		s.Fatal(err)
	}
	return list.Items
}

func TestAWayBackThatDoesNotServeEitherIsToldAndHeld(t *testing.T) {
	o := rollsBack()
	o.timeout = 3 * time.Second
	recreated := replace(t, deployment(t, 1), "  replicas: 1\n", "  replicas: 1\n  strategy: {type: Recreate}\n")
	s := newStage(t, o, "web-deployment.yaml", recreated, "web-service.yaml", example(t, "web-service.yaml"))
	good := s.commit()
	s.start()
	s.serves(good, 1)
	allow := s.noPods()
	bad := s.commit("web-deployment.yaml", replace(t, recreated, "nginx:1.27", "nginx:1.28"))
	app := s.waitFor("both reasons to be told", func(app status.App) bool {
		return app.State == sync.Failed && app.Back != nil && app.Back.Failed != ""
	})
	for _, want := range []string{bad[:7] + " was rejected: QuotaExceeded", good[:7] + ", which is applied again, does not serve either: QuotaExceeded"} {
		if !strings.Contains(app.Message, want) {
			t.Errorf("%q does not say %q", app.Message, want)
		}
	}
	if image := s.deployment().Spec.Template.Spec.Containers[0].Image; image != "nginx:1.27" {
		t.Errorf("the image is %s", image)
	}
	allow()
	s.backOn(good, bad)
	if r := s.stored().Return; r == nil || !r.Done || r.Failed != "" {
		t.Errorf("on record: %+v", r)
	}
}

func TestACommitThatArrivesOnTheWayBackWins(t *testing.T) {
	s := newStage(t, rollsBack(), web(t, 1)...)
	good := s.commit()
	next := make(chan string, 1)
	s.loop.Reconciler.Observer = both{s.store, onRejection(func() {
		next <- s.commit(web(s, 3)...)
	})}
	s.start()
	s.serves(good, 1)
	s.commit("web-service.yaml", deaf(t))
	s.serves(<-next, 3)
}

// onRejection is called when a commit is rejected, before anything of the way back is done.
type onRejection func()

func (o onRejection) Observe(_ context.Context, event sync.Event) {
	if event.Rejection != nil {
		o()
	}
}

// gone is a source that cannot be reached, and of which no copy is left.
type gone struct{}

func (gone) Fetch(context.Context) (git.Snapshot, error) {
	return git.Snapshot{}, errors.New("the repository is away")
}

func TestTheWayBackNeedsNoRepository(t *testing.T) {
	s := newStage(t, rollsBack(), web(t, 1)...)
	s.commit()
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.commit("web-service.yaml", deaf(t))
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	s.loop.Reconciler.Observer = both{s.store, onRejection(kill)}
	if _, err := s.loop.Reconciler.Reconcile(ctx); err == nil {
		t.Fatal("it was not killed")
	}
	if s.service().Spec.Selector["app"] != "wbe" {
		t.Fatal("it was killed too late")
	}
	s.loop = s.wire(s.loop.Reconciler.App, s.options)
	s.loop.Reconciler.Source = gone{}
	_, err := s.loop.Reconciler.Reconcile(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the repository is away") {
		t.Errorf("the outage is not told: %v", err)
	}
	if is := s.service().Spec.Selector["app"]; is != "web" || !s.stored().Return.Done {
		t.Errorf("the selector is %q; on record %+v", is, s.stored().Return)
	}
}

func TestTheAutoscalersCountStaysOnTheWayBack(t *testing.T) {
	s := newStage(t, rollsBack(), append(web(t, 2), "hpa.yaml", scaler(2))...)
	good := s.commit()
	s.start()
	s.serves(good, 2)
	s.scale(5, theAutoscaler)
	s.serves(good, 5)
	counts := s.counts()
	bad := s.commit("web-service.yaml", deaf(t), "web-deployment.yaml", replace(t, deployment(t, 2), "nginx:1.27", "nginx:1.28"))
	s.backOn(good, bad)
	s.neverBelow(5, counts())
}

func TestADaemonThatIsKilledAtAnyWriteOnTheWayBackIsCompletedByTheNext(t *testing.T) {
	clustertest.Config(t) // skips here, not in each of the tests below
	for _, late := range []bool{false, true} {
		for at, ended := 0, false; !ended; at++ {
			if at > 50 {
				t.Fatal("a pass of more than 50 writes")
			}
			t.Run(fmt.Sprintf("write %d, late %t", at, late), func(t *testing.T) { ended = killOnTheWayBack(t, at, late) })
		}
	}
}

// killOnTheWayBack kills a daemon in the pass that takes a commit back, and lets another go on. It returns whether the pass had
// ended before the kill.
func killOnTheWayBack(t *testing.T, at int, late bool) (ended bool) {
	t.Helper()
	s := newStage(t, rollsBack(), append(web(t, 1), "a.yaml", settings(2))...)
	good := s.commit()
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	bad := s.commit("web-service.yaml", deaf(t), "b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n")
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	k := &killer{kill: kill, at: at, late: late}
	o := s.options
	o.wrap = k.wrap
	isBack := func(err error) bool {
		_, is := errors.AsType[*sync.RolledBackError](err)
		return is
	}
	_, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(ctx)
	ended = isBack(err)
	if outcome, err := s.wire(s.loop.Reconciler.App, s.options).Reconciler.Reconcile(t.Context()); !isBack(err) || outcome.State != sync.RolledBack {
		t.Fatalf("the next daemon: %s, %v", outcome.State, err)
	}
	if live := s.configMaps(); !slices.Equal(live, []string{"settings-0", "settings-1"}) || s.service().Spec.Selector["app"] != "web" {
		t.Errorf("live: %v, selector %v", live, s.service().Spec.Selector)
	}
	r := s.stored()
	if len(r.Entries) != 4 || r.Revision != "main@sha1:"+good || len(r.Rejected) != 1 || r.Rejected[0].Revision != "main@sha1:"+bad {
		t.Errorf("on record: %d objects at %s, rejected %+v", len(r.Entries), r.Revision, r.Rejected)
	}
	return ended
}
