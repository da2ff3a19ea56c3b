package sync_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// planner wires an app for a plan and nothing else.
func (s *stage) planner(app sync.App, source sync.Source, c client.WithWatch) *sync.Reconciler {
	return &sync.Reconciler{App: app, Source: source, Applier: apply.New(c, nil), Ledger: inventory.NewStore(c, s.namespace)}
}

func (s *stage) planned() sync.Planned {
	r := s.loop.Reconciler
	return s.planner(r.App, r.Source, s.client).Plan(s.Context())
}

func (s *stage) reconciled() {
	s.Helper()
	if _, err := s.loop.Reconciler.Reconcile(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// actions are the plan's objects, "name action", sorted.
func actions(planned sync.Planned) []string {
	all := []string{}
	if planned.Plan == nil {
		return all
	}
	for _, c := range planned.Plan.All() {
		all = append(all, c.ID.Name+" "+string(c.Action))
	}
	slices.Sort(all)
	return all
}

// dry counts calls, and notes every write that the API server was not told to rehearse, and every call that a plan does
// not need.
type dry struct {
	mu          stdsync.Mutex
	gets, dries int
	wrong       []string
}

func (d *dry) note(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = append(d.wrong, what)
	return errors.New(what + " in a plan")
}

func (d *dry) wrap(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
			d.mu.Lock()
			d.gets++
			d.mu.Unlock()
			return c.Get(ctx, key, o, options...)
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			told := (&client.ApplyOptions{}).ApplyOptions(options)
			if !slices.Equal(told.DryRun, []string{"All"}) {
				return d.note("apply")
			}
			d.mu.Lock()
			d.dries++
			d.mu.Unlock()
			return c.Apply(ctx, o, options...)
		},
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			return d.note("create")
		},
		Update: func(context.Context, client.WithWatch, client.Object, ...client.UpdateOption) error {
			return d.note("update")
		},
		Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
			return d.note("delete")
		},
		Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
			return d.note("patch")
		},
		DeleteAllOf: func(context.Context, client.WithWatch, client.Object, ...client.DeleteAllOfOption) error {
			return d.note("delete of all")
		},
	})
}

// readOnly are the rights that the README says a plan needs: what is patched is patched in dry runs alone.
var readOnly = []rbacv1.PolicyRule{
	rule("apps", "deployments", "get", "patch", "create"), rule("", "services", "get", "patch", "create"), rule("", "secrets", "get", "list"),
}

func TestAPlanOnlyReadsAndRehearses(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.commit()
	o := s.options
	o.config = s.as("reviewer", readOnly)
	c, err := client.NewWithWatch(o.config, client.Options{Scheme: s.client.Scheme(), Mapper: s.client.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []struct {
		name string
		make func()
		want []string
		dry  int
	}{
		{"nothing is there", func() {}, []string{"web-server created", "web-service created"}, 2},
		{"all is in step", s.reconciled, []string{"web-server unchanged", "web-service unchanged"}, 0},
		{
			"one changes and one goes", func() {
				s.repo.Git("rm", "-q", "manifests/web-service.yaml")
				s.commit("web-deployment.yaml", deployment(t, 3))
			}, []string{"web-server configured", "web-service pruned"}, 1,
		},
	} {
		state.make()
		d := &dry{}
		before := s.everything()
		planned := s.planner(s.loop.Reconciler.App, s.loop.Reconciler.Source, d.wrap(c)).Plan(t.Context())
		if planned.Err != nil {
			t.Fatalf("%s: %v", state.name, planned.Err)
		}
		if got := actions(planned); !slices.Equal(got, state.want) {
			t.Errorf("%s: %v, want %v", state.name, got, state.want)
		}
		if len(d.wrong) > 0 || d.dries != state.dry || d.gets == 0 {
			t.Errorf("%s: %d reads, %d rehearsals, and %v", state.name, d.gets, d.dries, d.wrong)
		}
		if after := s.everything(); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", state.name, before, after)
		}
	}
}

// everything lists what a run writes, with its versions but for those that controllers make.
func (s *stage) everything() string {
	s.Helper()
	var services corev1.ServiceList
	var secrets corev1.SecretList
	err := errors.Join(s.client.List(s.Context(), &services, client.InNamespace(s.namespace)),
		s.client.List(s.Context(), &secrets, client.InNamespace(s.namespace)))
	if err != nil {
		s.Fatal(err)
	}
	var all []string
	for _, o := range services.Items {
		all = append(all, "service "+o.Name+" "+o.ResourceVersion)
	}
	for _, o := range secrets.Items {
		all = append(all, "secret "+o.Name+" "+o.ResourceVersion)
	}
	return strings.Join(all, "\n")
}

func TestAPlanThatIsBlockedShowsTheRest(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(6))
	s.commit()
	s.reconciled()
	s.commit("settings.yaml", strings.Replace(settings(2), "value", "other", 1))
	planned := s.planned()
	if planned.Err != nil || planned.Blocked == nil || len(planned.Blocked.Objects) != 4 {
		t.Fatalf("error %v, blocked %v", planned.Err, planned.Blocked)
	}
	if got, want := actions(planned), []string{"settings-0 configured", "settings-1 unchanged"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAPlanWithABrokenInventoryPrunesNothing(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(3))
	s.commit()
	s.reconciled()
	var secrets corev1.SecretList
	if err := s.client.List(t.Context(), &secrets, client.InNamespace(s.namespace)); err != nil || len(secrets.Items) != 1 {
		t.Fatalf("%d secrets, %v", len(secrets.Items), err)
	}
	head := secrets.Items[0]
	for key := range head.Data {
		head.Data[key] = []byte("broken")
	}
	if err := s.client.Update(t.Context(), &head); err != nil {
		t.Fatal(err)
	}
	s.commit("settings.yaml", settings(2))
	planned := s.planned()
	if planned.Err != nil {
		t.Fatal(planned.Err)
	}
	if got, want := actions(planned), []string{"settings-0 unchanged", "settings-1 unchanged"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if w := planned.Plan.Warnings; len(w) != 1 || !strings.Contains(w[0], "inventory") {
		t.Errorf("warnings %q", w)
	}
}

func TestAPlanOfAFolderIsComparedWithTheRunningApp(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(3))
	s.commit()
	s.reconciled()
	s.write("settings.yaml", settings(2)) // not committed
	s.repo.Git("checkout", "-q", "--detach")
	planned := s.planner(s.loop.Reconciler.App, folder(s.repo.Dir), s.client).Plan(t.Context())
	if want := []string{"settings-0 unchanged", "settings-1 unchanged", "settings-2 pruned"}; planned.Err != nil || !slices.Equal(actions(planned), want) {
		t.Errorf("%v, %v, want %v", actions(planned), planned.Err, want)
	}
	s.write("settings.yaml", settings(2)+"---\nkind: Broken\n")
	planned = s.planner(s.loop.Reconciler.App, folder(s.repo.Dir), s.client).Plan(t.Context())
	if planned.Err == nil || !strings.HasPrefix(planned.Err.Error(), "web manifests/settings.yaml:") || !strings.Contains(planned.Err.Error(), "kept 3 objects") {
		t.Errorf("error: %v", planned.Err)
	}
}

type folder string

func (f folder) Fetch(context.Context) (git.Snapshot, error) { return git.WorkTree(string(f)) }

func TestObjectsThatMoveBetweenAppsAreHandedOverInAPlan(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(2))
	s.repo.Write("other/own.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n")
	s.commit()
	s.reconciled()
	s.repo.Write("other/moved.yaml", strings.ReplaceAll(settings(1), "settings-0", "settings-1"))
	s.commit("settings.yaml", settings(1))
	web := s.loop.Reconciler
	other := web.App
	other.Name, other.Path = "other", "other"
	both := []*sync.Reconciler{s.planner(web.App, web.Source, s.client), s.planner(other, web.Source, s.client)}
	var mu stdsync.Mutex
	done := 0
	all := sync.PlanAll(t.Context(), both, func(sync.App) bool { return true }, func() { mu.Lock(); done++; mu.Unlock() })
	if len(all) != 2 || done != 2 || all[0].Err != nil || all[1].Err != nil {
		t.Fatalf("%d plans, %d done: %+v", len(all), done, all)
	}
	if got, want := actions(all[0]), []string{"settings-0 unchanged", "settings-1 skipped"}; !slices.Equal(got, want) {
		t.Errorf("the one that gives: %v, want %v", got, want)
	}
	if got, want := actions(all[1]), []string{"own created", "settings-1 configured"}; !slices.Equal(got, want) {
		t.Errorf("the one that takes: %v, want %v", got, want)
	}
	one := sync.PlanAll(t.Context(), both, func(app sync.App) bool { return app.Name == "other" }, func() {})
	if len(one) != 1 || one[0].App.Name != "other" || one[0].Err != nil {
		t.Errorf("of one alone: %+v", one)
	}
}
