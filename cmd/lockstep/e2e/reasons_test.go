package e2e

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// scenario is one mistake, what it is called, and what is said about it.
type scenario struct {
	name   string
	edits  []edit // of the manifests of testdata/web
	reason health.Reason
	words  string // in Kubernetes' own words, in the message of the app
	advice string // in the sentence that says what to do
	log    string // in the last lines of the container's log
}

// command makes the container run a script in place of the web server.
func command(script string) []edit {
	return []edit{
		{"web-deployment", "image: " + *image, "image: " + *shell + "\n        command: [sh, -c, '" + script + "']"},
		{"web-deployment", preStop, ""},
	}
}

const (
	readinessProbe = `        readinessProbe:
          httpGet:
            path: /
            port: 80
          periodSeconds: 1
`
	preStop = `        lifecycle:
          preStop: # the nodes learn of a pod's end later than the pod does
            sleep:
              seconds: 3
`
	login = `apiVersion: v1
kind: Secret
metadata:
  name: login
stringData:
  password: canary-4711
`
	quota = `apiVersion: v1
kind: ResourceQuota
metadata:
  name: small
spec:
  hard:
    pods: "1"
`
	limit = `apiVersion: v1
kind: LimitRange
metadata:
  name: small
spec:
  limits:
  - type: Container
    max:
      memory: 64Mi
`
	passwordOfLogin = `        env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef:
              name: login
              key: password
        resources:
`
)

// canary is a Secret's value, which must be in nothing that Lockstep says.
const canary = "canary-4711"

// inPods are mistakes that a pod shows once it has a node.
func inPods() []scenario {
	return []scenario{
		{
			name: "image", reason: health.ImagePull, words: regexp.QuoteMeta(*missing), advice: "image's name and tag",
			edits: []edit{{"web-deployment", "image: " + *image, "image: " + *missing}},
		},
		{
			name: "crash", reason: health.CrashLoop, words: "exit code 3", advice: "log", log: `the password \*\*\* is refused`,
			edits: append(command("echo reading the settings; echo the password $PASSWORD is refused; exit 3"),
				edit{"login", "", login}, edit{"web-deployment", "        resources:\n", passwordOfLogin}),
		},
		{
			name: "crash-unasked", reason: health.CrashLoop, words: "exit code 3", advice: "log",
			edits: append(command("echo about to end; sleep 1; exit 3"), edit{"web-deployment", readinessProbe, ""}),
		},
		{
			name: "start", reason: health.CrashLoop, words: "/no/such/program",
			edits: []edit{{"web-deployment", "image: " + *image, "image: " + *image + "\n        command: [/no/such/program]"}},
		},
		{
			name: "init", reason: health.CrashLoop, words: "container migrate: exit code 4", log: "no such table",
			edits: []edit{{"web-deployment", "      containers:\n", "      initContainers:\n      - name: migrate\n        image: " + *shell +
				"\n        command: [sh, -c, 'echo no such table; exit 4']\n      containers:\n"}},
		},
		{
			name: "memory", reason: health.OOMKilled, words: "OOMKilled", advice: "memory limit",
			edits: append(command("dd if=/dev/zero of=/dev/null bs=256M"), edit{"web-deployment", "memory: 128Mi", "memory: 32Mi"}),
		},
	}
}

// aroundPods are mistakes that a pod never gets over, or that are none of its own.
func aroundPods() []scenario {
	return []scenario{
		{
			name: "cpu", reason: health.Unschedulable, words: "Insufficient cpu", advice: "640",
			edits: []edit{{"web-deployment", "cpu: 10m", "cpu: 640"}},
		},
		{
			name: "selector", reason: health.SelectorMatchesNothing, words: "app=wbe matches no pod; nearest: app=web",
			edits: []edit{{"web-service", "app: web", "app: wbe"}},
		},
		{
			name: "named-port", reason: health.PortMismatch, words: "https",
			edits: []edit{{"web-service", "targetPort: 80", "targetPort: https"}},
		},
		{
			name: "key", reason: health.ConfigMissing, words: `couldn't find key level in ConfigMap`, advice: "ConfigMap",
			edits: []edit{{"web-deployment", "        resources:\n", `        env:
        - name: LEVEL
          valueFrom:
            configMapKeyRef:
              name: web-config
              key: level
        resources:
`}},
		},
		{
			name: "quota", reason: health.QuotaExceeded, words: `exceeded quota: small, requested: pods=1`, advice: "ResourceQuota",
			edits: []edit{{"web-deployment", "replicas: 1", "replicas: 2"}, {"quota", "", quota}},
		},
		{
			name: "limit", reason: health.AdmissionDenied, words: `maximum memory usage per Container is 64Mi`, advice: "LimitRange",
			edits: []edit{{"limit", "", limit}},
		},
		{
			name: "readiness", reason: health.ProbeFailing, words: `Readiness probe failed: Get .*:81/.*refused`, advice: "probe",
			edits: []edit{{"web-deployment", "path: /\n            port: 80", "path: /\n            port: 81"}},
		},
		{
			name: "liveness", reason: health.ProbeFailing, words: `Liveness probe failed: .*:81/.* [1-9] restart`, advice: "probe",
			edits: []edit{
				{"web-deployment", readinessProbe, strings.NewReplacer("readiness", "liveness", "port: 80", "port: 81").Replace(readinessProbe)},
				{"web-deployment", preStop, ""},
				{"web-deployment", "PeriodSeconds: 10", "PeriodSeconds: 1"},
			},
		},
		{
			name: "mount", reason: health.ConfigMissing, words: `configmap "web-settings" not found`, advice: "ConfigMap",
			edits: []edit{{"web-deployment", "          name: web-config", "          name: web-settings"}},
		},
		{
			name: "claim", reason: health.VolumePending, words: "pages", advice: "PersistentVolumeClaim",
			edits: []edit{{"web-deployment", "        configMap:\n          name: web-config", "        persistentVolumeClaim:\n          claimName: pages"}},
		},
		{
			name: "secret", reason: health.ConfigMissing, words: `secret "login" not found`, advice: "Secret",
			edits: []edit{{"web-deployment", "        resources:\n", passwordOfLogin}},
		},
	}
}

// TestReasons makes each mistake in a first commit. The reason must be there long before the commit's time is up, in the
// status and in the sentence that a person reads.
func TestReasons(t *testing.T) {
	for _, c := range slices.Concat(inPods(), aroundPods()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			newStage(t).play(c)
		})
	}
}

// play commits the mistake and looks at what is said of it.
func (s *stage) play(c scenario) {
	s.t.Helper()
	s.edit(c.edits...)
	since := s.commit("Make a mistake")
	d := s.start("--timeout", "5m")
	app := d.await(string(c.reason), func(app status.App) bool {
		return app.Reason == string(c.reason) && regexp.MustCompile(c.words).MatchString(app.Message)
	})
	s.figure(c.name+", "+app.Reason, since, nil)
	if c.reason == health.CrashLoop && !app.Revision.Healthy.IsZero() {
		s.t.Errorf("it was called healthy between two crashes: %+v", app.Revision)
	}
	s.t.Logf("message: %s", app.Message)
	text := d.told(string(c.reason))
	s.t.Logf("status:\n%s", text)
	if len(app.Problems) == 0 || !strings.Contains(app.Problems[0].Advice, c.advice) {
		s.t.Errorf("problems are %+v, want advice with %q", app.Problems, c.advice)
	}
	if c.log != "" {
		app = d.await("the log's lines", func(app status.App) bool {
			return len(app.Problems) > 0 && regexp.MustCompile(c.log).MatchString(strings.Join(app.Problems[0].Log, "\n"))
		})
		s.t.Logf("log: %q", app.Problems[0].Log)
		d.told(c.log)
	}
	s.keep(c.name)
	s.silent(d)
}

// silent looks for the Secret's value in everything that the daemon has said.
func (s *stage) silent(d *daemon) {
	s.t.Helper()
	clustertest.Eventually(s.t, "the daemon's words", func(context.Context) (bool, string) { return d.out.String() != "", "" })
	for what, text := range map[string]string{
		"output": d.out.String(), "status": d.read("status", "web", "-o", "json", "--server", "http://"+d.address),
	} {
		if strings.Contains(text, canary) {
			s.t.Errorf("the %s shows a Secret's value:\n%s", what, text)
		}
	}
}

// TestOnceEndsWhenItIsCertain runs a commit once whose Service selects nothing: nobody has to wait for the time to be up.
func TestOnceEndsWhenItIsCertain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	since := s.commit("Mistype the selector", edit{"web-service", "app: web", "app: wbe"})
	stdout, stderr, code := s.once("--timeout", "5m")
	s.figure("selector, run --once", since, nil)
	if code != 3 {
		t.Errorf("exit code %d, want 3:\n%s%s", code, stdout, stderr)
	}
	want := regexp.MustCompile(`^lockstep: web @[0-9a-f]{7} .*selector app=wbe matches no pod; nearest: app=web.*\n$`)
	if !want.MatchString(stderr) {
		t.Errorf("stderr is %q, want %s", stderr, want)
	}
}
