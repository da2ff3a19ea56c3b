package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// applies counts the applies of the object called name that are no dry runs, and that the API server let pass.
type applies struct {
	name string
	n    atomic.Int32
}

func (a *applies) wrap(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			var given client.ApplyOptions
			given.ApplyOptions(options)
			err := c.Apply(ctx, o, options...)
			if named, ok := o.(interface{ GetName() string }); ok && named.GetName() == a.name && len(given.DryRun) == 0 && err == nil {
				a.n.Add(1)
			}
			return err
		},
	})
}

// provoke has a rival set a field of the first ConfigMap, and set it back each time that it is corrected.
func (s *stage) provoke() {
	s.Helper()
	live := s.setting(0)
	watch, err := s.client.Watch(s.Context(), &corev1.ConfigMapList{}, client.InNamespace(s.namespace),
		&client.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", live.Name)})
	if err != nil {
		s.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for event := range watch.ResultChan() {
			current, ok := event.Object.(*corev1.ConfigMap)
			if !ok || current.Data["key"] == "rival's" {
				continue
			}
			patch := client.RawPatch(types.MergePatchType, []byte(`{"data":{"key":"rival's"}}`))
			if err := s.client.Patch(context.WithoutCancel(s.Context()), live.DeepCopy(), patch, client.FieldOwner("rival")); err != nil {
				s.Error(err)
			}
		}
	}()
	s.Cleanup(func() {
		watch.Stop()
		<-ended
	})
}

// warned waits until a warning and a change of the app say the text of the first ConfigMap.
func (s *stage) warned(text string) status.App {
	s.Helper()
	return s.waitFor("the warning "+text, func(app status.App) bool {
		return app.State == sync.Healthy && told(app, "configmap/settings-0 skipped ("+text) &&
			strings.Contains(strings.Join(app.Warnings, "\n"), "configmap/settings-0: "+text)
	})
}

func TestAFightIsLeftToTheRivalWhoIsNamed(t *testing.T) {
	count := &applies{name: "settings-0"}
	o := watchedOnly()
	o.wrap = count.wrap
	s := newStage(t, o, "settings.yaml", settings(2))
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
	before := count.n.Load()
	s.provoke()
	const text = "fight: rival changed data.key back more than 5 times in a minute; left as it is until "
	s.warned(text)
	if n := count.n.Load() - before; n != 6 {
		t.Errorf("%d corrections before the truce", n)
	}
	s.edit(s.setting(1), `{"data":{"key":"theirs"}}`)
	clustertest.Eventually(t, "the other object as git has it", func(context.Context) (bool, string) {
		return s.setting(1).Data["key"] == "value", describe(s.app())
	})
	s.warned(text)
	if live := s.setting(0); live.Data["key"] != "rival's" || count.n.Load()-before != 6 {
		t.Errorf("%v after %d writes", live.Data, count.n.Load()-before)
	}
	s.healthyAt(s.commit("settings.yaml", strings.Replace(settings(2), "key: value", "key: value, more: x", 1)))
	if live := s.setting(0); live.Data["more"] != "x" || count.n.Load()-before != 7 {
		t.Errorf("the commit was not applied, or more than it was: %v after %d writes", live.Data, count.n.Load()-before)
	}
}

func TestDriftThatIsOnlyToBeDetectedIsShownAndStays(t *testing.T) {
	count := &applies{name: "settings-0"}
	s := newStage(t, options{wrap: count.wrap, interval: 500 * time.Millisecond, app: func(app *sync.App) { app.DetectOnly = true }},
		"settings.yaml", settings(1))
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
	for _, value := range []string{"theirs", "theirs, too"} {
		s.edit(s.setting(0), fmt.Sprintf(`{"data":{"key":%q}}`, value))
		text := "drift: it is only reported: data.key " + value + " → value; drift by kubectl-edit"
		app := s.warned(text)
		at := slices.IndexFunc(app.Changes, func(c status.Change) bool { return c.Drift && strings.Contains(c.Text, text) })
		if at < 0 || app.Changes[at].Fields[0].Path != "data.key" || !slices.Equal(app.Changes[at].By, []string{editor}) {
			t.Errorf("changes %+v", app.Changes)
		}
		if live := s.setting(0); live.Data["key"] != value {
			t.Errorf("live: %v", live.Data)
		}
	}
	s.edit(s.setting(0), `{"data":{"key":"value"}}`)
	s.waitFor("no warning any more", func(app status.App) bool { return len(app.Warnings) == 0 })
	if err := s.client.Delete(t.Context(), s.setting(0)); err != nil {
		t.Fatal(err)
	}
	s.warned("drift: it was deleted, which is only reported")
	if s.setting(0) != nil || count.n.Load() != 1 {
		t.Errorf("written %d times", count.n.Load())
	}
}
