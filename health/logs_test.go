package health

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// logServer answers as an API server for one pod does: the pod, its Secrets, and its log.
type logServer struct {
	pod     *corev1.Pod
	secrets map[string]*corev1.Secret // by name; nil is forbidden
	log     string

	mu    stdsync.Mutex
	query string // of the last request for the log
	reads int    // of the log
}

func (s *logServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	switch {
	case name == "log":
		s.mu.Lock()
		s.query, s.reads = r.URL.RawQuery, s.reads+1
		s.mu.Unlock()
		_, _ = w.Write([]byte(s.log))
	case strings.Contains(r.URL.Path, "/pods/"):
		answer(w, http.StatusOK, s.pod)
	default:
		secret, known := s.secrets[name]
		switch {
		case !known:
			answer(w, http.StatusNotFound, refusal(http.StatusNotFound, metav1.StatusReasonNotFound))
		case secret == nil:
			answer(w, http.StatusForbidden, refusal(http.StatusForbidden, metav1.StatusReasonForbidden))
		default:
			answer(w, http.StatusOK, secret)
		}
	}
}

func answer(w http.ResponseWriter, code int, o any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(o)
}

func refusal(code int32, reason metav1.StatusReason) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: code, Reason: reason,
	}
}

// began is when the run of the tests begins.
var began = time.Date(2026, 11, 23, 22, 59, 0, 0, time.UTC)

// crashing is a server with a pod that has a Secret in its environment and another in a volume.
func crashing(log string) *logServer {
	from := func(name string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "value"}}
	}
	return &logServer{
		log: log,
		pod: &corev1.Pod{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: "web-1", Namespace: "shop", UID: "u1"},
			Spec: corev1.PodSpec{
				Containers: []corev1.Container{{
					Name: "web", Args: []string{"--admin-password=argument-canary"}, Env: []corev1.EnvVar{
						{Name: "DATABASE", ValueFrom: from("db")},
						{Name: "API_TOKEN", Value: "literal-canary"},
						{Name: "LEVEL", Value: "debug"},
					},
				}},
				Volumes: []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}}},
			},
		},
		secrets: map[string]*corev1.Secret{"db": secretOf("db-canary", began.Add(-time.Hour)), "tls": secretOf("tls-canary", began.Add(-time.Hour))},
	}
}

func secretOf(value string, changed time.Time) *corev1.Secret {
	at := metav1.NewTime(changed)
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "x", Time: &at}}},
		Data:       map[string][]byte{"value": []byte(value)},
	}
}

// poked is a listener that tells when it was told.
type poked chan struct{}

func (p poked) poke()  { p <- struct{}{} }
func (p poked) hurry() { p.poke() }

// readLog has the log of the server's pod read, and returns it.
func (s *logServer) readLog(t *testing.T) Log {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	c, err := newClients(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	f := newLogs(c.typed[corev1.SchemeGroupVersion])
	defer f.close()
	told := make(poked, 1)
	wanted := run{key: LogKey{"u1", "web", 3}, namespace: "shop", name: "web-1", previous: true, began: began}
	if _, read := f.get(wanted, told); read {
		t.Fatal("the log was there before it was read")
	}
	<-told
	log, read := f.get(wanted, told)
	if again, _ := f.get(wanted, told); !read || len(again.Lines) != len(log.Lines) {
		t.Fatalf("after it was read the log is %+v, %v", log, read)
	}
	return log
}

func TestTheEndOfALogIsReadOnceAndMasked(t *testing.T) {
	s := crashing("connect with db-canary\nand literal-canary\nand tls-canary\nand argument-canary\nlevel debug: permission denied\n")
	log := s.readLog(t)
	want := "connect with ***|and ***|and ***|and ***|level debug: permission denied"
	if got := strings.Join(log.Lines, "|"); got != want || log.Withheld != "" {
		t.Errorf("log is %q %q, want %q", got, log.Withheld, want)
	}
	for _, part := range []string{"container=web", "previous=true", "tailLines=5", "limitBytes="} {
		if !strings.Contains(s.query, part) {
			t.Errorf("asked was %q, want %s", s.query, part)
		}
	}
	if s.reads != 1 {
		t.Errorf("the log was read %d times", s.reads)
	}
}

func TestNoLineIsShownWhereASecretIsNotKnown(t *testing.T) {
	for name, change := range map[string]func(*logServer){
		"may not be read":                 func(s *logServer) { s.secrets["db"] = nil },
		"could not be read":               func(s *logServer) { delete(s.secrets, "tls") },
		"has changed since":               func(s *logServer) { s.secrets["db"] = secretOf("new", began.Add(time.Second)) },
		"the pod is gone":                 func(s *logServer) { s.pod.UID = "u2" },
		"secrets of volume x":             func(s *logServer) { s.pod.Spec.Volumes[0] = csiVolume() },
		"Vault puts secrets into the pod": func(s *logServer) { s.pod.Annotations = map[string]string{"vault.hashicorp.com/agent-inject": "true"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := crashing("connect with db-canary\n")
			change(s)
			log := s.readLog(t)
			if len(log.Lines) > 0 || !strings.Contains(log.Withheld, name) {
				t.Errorf("log is %+v, want none, and why", log)
			}
			if s.reads > 0 {
				t.Error("the log was read all the same")
			}
		})
	}
}

func csiVolume() corev1.Volume {
	return corev1.Volume{Name: "x", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "secrets-store.csi.k8s.io"}}}
}

func TestAnOptionalSecretThatIsNotThereHidesNothing(t *testing.T) {
	s := crashing("exit\n")
	optional := true
	s.pod.Spec.Volumes[0].Secret.Optional = &optional
	delete(s.secrets, "tls")
	if log := s.readLog(t); len(log.Lines) != 1 || log.Withheld != "" {
		t.Errorf("log is %+v", log)
	}
}

func TestALineThatIsNotWholeIsNotShown(t *testing.T) {
	half := "db-can"
	s := crashing("first\n" + strings.Repeat("x", logBytes-len("first\n")-len(half)) + half)
	if log := s.readLog(t); strings.Join(log.Lines, "|") != "first" {
		t.Errorf("log is %q", log.Lines)
	}
}
