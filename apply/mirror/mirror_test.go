package mirror_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/apply/object"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m)) }

// stage is a namespace, and a mirror of the cluster.
type stage struct {
	*testing.T
	client    client.WithWatch
	namespace string
	mirror    *mirror.Mirror
}

func newStage(t *testing.T, config *rest.Config) *stage {
	t.Helper()
	s := &stage{T: t, client: clustertest.Client(t), namespace: clustertest.Namespace(t)}
	if config == nil {
		config = clustertest.Config(t)
	}
	s.use(config)
	return s
}

func (s *stage) use(config *rest.Config) {
	s.Helper()
	m, err := mirror.New(config, s.client.RESTMapper())
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(m.Close)
	s.mirror = m
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {lockstep.dev/app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
`

var id = object.ID{Group: "apps", Kind: "Deployment", Name: "web"}

// apply applies a manifest as Lockstep does.
func (s *stage) apply(text string) *unstructured.Unstructured {
	s.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		s.Fatal(err)
	}
	o.SetNamespace(s.namespace)
	if err := s.client.Apply(s.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(object.FieldManager)); err != nil {
		s.Fatal(err)
	}
	return o
}

func (s *stage) id() object.ID {
	is := id
	is.Namespace = s.namespace
	return is
}

// shows waits until the mirror shows the object as wanted; it is the zero Object when it is not there.
func (s *stage) shows(what string, wanted func(o mirror.Object, found bool) bool) mirror.Object {
	s.Helper()
	var o mirror.Object
	clustertest.Eventually(s.T, what, func(ctx context.Context) (bool, string) {
		is, found, known := s.mirror.Find(ctx, s.id(), "v1")
		o = is
		return known && wanted(is, found), is.Mark
	})
	return o
}

// patch changes the live Deployment as somebody with that field manager would.
func (s *stage) patch(manager, change string) *appsv1.Deployment {
	s.Helper()
	live := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web"}}
	if err := s.client.Patch(s.Context(), live, client.RawPatch(types.StrategicMergePatchType, []byte(change)), client.FieldOwner(manager)); err != nil {
		s.Fatal(err)
	}
	return live
}

func TestTheMarkMovesWithWhatWasAppliedAndWithNothingElse(t *testing.T) {
	s := newStage(t, nil)
	applied := mirror.Of(s.apply(deployment))
	if applied.Mark == "" || applied.App != "shop" || !applied.Replicas {
		t.Fatalf("%+v", applied)
	}
	for _, theirs := range []string{
		`{"metadata":{"annotations":{"team":"a"}}}`, `{"spec":{"progressDeadlineSeconds":99}}`, `{"spec":{"paused":true}}`,
		`{"spec":{"template":{"spec":{"containers":[{"name":"web","imagePullPolicy":"Always"},{"name":"sidecar","image":"x"}]}}}}`,
	} {
		version := s.patch("somebody", theirs).ResourceVersion
		s.shows("their field "+theirs, func(o mirror.Object, _ bool) bool { return o.Version >= version && o.Mark == applied.Mark })
	}
	for _, ours := range []string{
		`{"spec":{"replicas":5}}`, `{"metadata":{"labels":{"lockstep.dev/app":"other"}}}`,
		`{"spec":{"template":{"metadata":{"labels":{"extra":"x"}},"spec":{"containers":[{"name":"web","image":"nginx:bad"}]}}}}`,
		`{"spec":{"template":{"spec":{"containers":[{"name":"web","ports":[{"containerPort":80,"$patch":"delete"}]}]}}}}`,
	} {
		s.patch("somebody", ours)
		s.shows("our field "+ours, func(o mirror.Object, found bool) bool { return found && o.Mark != applied.Mark })
		s.patch("kubectl-delete", `{"metadata":{"labels":{"lockstep.dev/app":null}}}`)
		if err := s.client.Delete(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web"}}); err != nil {
			t.Fatal(err)
		}
		again := mirror.Of(s.apply(deployment))
		if again.Mark != applied.Mark {
			t.Fatalf("the same apply left another mark: %q, then %q", applied.Mark, again.Mark)
		}
		s.shows("the object as applied", func(o mirror.Object, _ bool) bool { return o.UID == again.UID && o.Mark == applied.Mark })
	}
}

func TestScalingByHandIsSeenAndStatusIsNoNews(t *testing.T) {
	s := newStage(t, nil)
	applied := mirror.Of(s.apply(deployment))
	s.shows("the object", func(_ mirror.Object, found bool) bool { return found })
	var told atomic.Int32
	defer s.mirror.Follow("shop", func() { told.Add(1) })()
	clustertest.Eventually(t, "a complete rollout", func(ctx context.Context) (bool, string) {
		var live appsv1.Deployment
		err := s.client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "web"}, &live)
		o, _, _ := s.mirror.Find(ctx, s.id(), "v1")
		return err == nil && live.Status.ReadyReplicas == 2 && o.Version == live.ResourceVersion, live.Status.String()
	})
	if n := told.Load(); n != 0 {
		t.Errorf("a rollout was told %d times", n)
	}
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: autoscalingv1.ScaleSpec{Replicas: 4}}
	live := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web"}}
	if err := s.client.SubResource("scale").Update(t.Context(), live, client.WithSubResourceBody(scale), client.FieldOwner("kubectl")); err != nil {
		t.Fatal(err)
	}
	s.shows("the scale", func(o mirror.Object, _ bool) bool { return o.Mark != applied.Mark && !o.Replicas })
	if told.Load() == 0 {
		t.Error("nobody was told")
	}
}

func TestAWriterIsNotBehindWhatItKnows(t *testing.T) {
	s := newStage(t, nil)
	s.shows("nothing", func(_ mirror.Object, found bool) bool { return !found })
	live := s.apply(deployment)
	s.mirror.Note(t.Context(), s.id(), "v1", live)
	if o, found, known := s.mirror.Find(t.Context(), s.id(), "v1"); !known || !found || o.UID != live.GetUID() {
		t.Errorf("found %t, known %t, %+v", found, known, o)
	}
}

func TestAnObjectThatLosesOurLabelIsGoneFromTheMirror(t *testing.T) {
	s := newStage(t, nil)
	s.apply(deployment)
	s.shows("the object", func(_ mirror.Object, found bool) bool { return found })
	var told atomic.Int32
	defer s.mirror.Follow("shop", func() { told.Add(1) })()
	s.patch("somebody", `{"metadata":{"labels":{"lockstep.dev/app":null}}}`)
	s.shows("nothing", func(_ mirror.Object, found bool) bool { return !found })
	if told.Load() == 0 {
		t.Error("its app was not told")
	}
}

func TestAnAutoscalerIsToldToTheAppOfItsTarget(t *testing.T) {
	s := newStage(t, nil)
	s.apply(deployment)
	s.shows("the object", func(_ mirror.Object, found bool) bool { return found })
	if targets, known := s.mirror.Autoscalers(t.Context(), s.namespace); !known || len(targets) != 0 {
		t.Fatalf("%v, known %t", targets, known)
	}
	var told atomic.Int32
	defer s.mirror.Follow("shop", func() { told.Add(1) })()
	hpa := s.apply(`apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 3, maxReplicas: 10, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
`)
	clustertest.Eventually(t, "the autoscaler", func(ctx context.Context) (bool, string) {
		targets, _ := s.mirror.Autoscalers(ctx, s.namespace)
		is := targets[s.id()]
		return is.Name == "web" && is.Min == 3 && is.Max == 10 && told.Load() > 0, ""
	})
	before := told.Load()
	if err := s.client.Delete(t.Context(), hpa); err != nil {
		t.Fatal(err)
	}
	clustertest.Eventually(t, "no autoscaler", func(ctx context.Context) (bool, string) {
		targets, _ := s.mirror.Autoscalers(ctx, s.namespace)
		return len(targets) == 0 && told.Load() > before, ""
	})
}

// as returns access for a user with these rights in the stage's namespace, and no others.
func (s *stage) as(rules ...rbacv1.PolicyRule) *rest.Config {
	s.Helper()
	name := metav1.ObjectMeta{Namespace: s.namespace, Name: "somebody"}
	user := s.namespace + ":somebody"
	for _, o := range []client.Object{
		&rbacv1.Role{ObjectMeta: name, Rules: rules},
		&rbacv1.RoleBinding{
			ObjectMeta: name, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "somebody"},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: user}},
		},
	} {
		if err := s.client.Create(s.Context(), o); err != nil {
			s.Fatal(err)
		}
	}
	config := clustertest.Config(s)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	return config
}

func TestWhereTheClusterMayNotBeWatchedTheNamespaceIs(t *testing.T) {
	s := newStage(t, nil)
	s.use(s.as(rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"list", "watch"}}))
	s.apply(deployment)
	s.shows("the object", func(_ mirror.Object, found bool) bool { return found })
}

func TestWhatMayNotBeWatchedIsNotKnown(t *testing.T) {
	for _, verbs := range [][]string{nil, {"list"}} { // who may watch is told all there is as a watch begins
		t.Run(strings.Join(verbs, ""), func(t *testing.T) {
			s := newStage(t, nil)
			rule := rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: append(verbs, "get")}
			s.use(s.as(rule))
			s.apply(deployment)
			clustertest.Eventually(t, "an answer", func(ctx context.Context) (bool, string) {
				_, found, known := s.mirror.Find(ctx, s.id(), "v1")
				return !known && !found, ""
			})
			if _, known := s.mirror.Autoscalers(t.Context(), s.namespace); known {
				t.Error("autoscalers are known")
			}
		})
	}
}

func TestAKindThatTheClusterDoesNotHaveIsNotKnown(t *testing.T) {
	s := newStage(t, nil)
	is := object.ID{Group: "example.com", Kind: "Nothing", Namespace: s.namespace, Name: "x"}
	if _, _, known := s.mirror.Find(t.Context(), is, "v1"); known {
		t.Error("it is known")
	}
}

func TestACutWatchIsTakenUpAgain(t *testing.T) {
	config, link := clustertest.Proxy(t)
	s := newStage(t, config)
	s.apply(deployment)
	first := s.shows("the object", func(_ mirror.Object, found bool) bool { return found })
	link.Cut()
	s.patch("somebody", `{"spec":{"replicas":7}}`)
	link.Restore()
	s.shows("what happened meanwhile", func(o mirror.Object, _ bool) bool { return o.Mark != first.Mark })
}

// expired answers all there is to ask with a version that is too old.
type expired struct{}

func (expired) RoundTrip(r *http.Request) (*http.Response, error) {
	status := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","message":"too old resource version","code":410}`
	return &http.Response{
		StatusCode: http.StatusGone, Status: "410 Gone", Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(status)), Request: r,
	}, nil
}

func TestAServerThatFindsEveryVersionTooOldIsNotWaitedFor(t *testing.T) {
	config := clustertest.Config(t)
	config.Wrap(func(http.RoundTripper) http.RoundTripper { return expired{} })
	s := newStage(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, found, known := s.mirror.Find(ctx, s.id(), "v1"); found || known || ctx.Err() != nil {
		t.Errorf("found %t, known %t, %v", found, known, ctx.Err())
	}
}

func TestSecretsOfOthersAreNotRead(t *testing.T) {
	s := newStage(t, nil)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "theirs"}}
	if err := s.client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	is := object.ID{Kind: "Secret", Namespace: s.namespace, Name: "theirs"}
	if _, found, known := s.mirror.Find(t.Context(), is, "v1"); !known || found {
		t.Errorf("found %t, known %t", found, known)
	}
}
