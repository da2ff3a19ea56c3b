package charts

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// remote is a repository, and the server that it is fetched from.
type remote struct {
	t        *testing.T
	dir, url string
}

func newRemote(t *testing.T) *remote {
	t.Helper()
	git, err := exec.LookPath("git")
	must(t, err)
	r := &remote{t, filepath.Join(t.TempDir(), "shop"), ""}
	must(t, os.Mkdir(r.dir, 0o700))
	r.git("init", "-q", "-b", "main")
	server := httptest.NewServer(&cgi.Handler{
		Path: git, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1"},
	})
	t.Cleanup(server.Close)
	r.url = server.URL + "/shop"
	return r
}

func (r *remote) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %s: %v\n%s", args, err, out)
	}
}

// commit has the repository hold one file.
func (r *remote) commit(manifests string) {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(r.dir, "all.yaml"), []byte(manifests), 0o600))
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "Change")
}

// daemon is the program as a Deployment of the chart says, with the rights of its ServiceAccount, on this machine.
type daemon struct {
	t       *testing.T
	address string
}

func newDaemon(t *testing.T, c client.Client, kubeconfig, namespace string) *daemon {
	t.Helper()
	live, config := &appsv1.Deployment{}, &corev1.ConfigMap{}
	key := client.ObjectKey{Namespace: namespace, Name: "lockstep"}
	must(t, c.Get(t.Context(), key, live))
	must(t, c.Get(t.Context(), key, config))
	file := filepath.Join(t.TempDir(), "lockstep.yaml")
	must(t, os.WriteFile(file, []byte(config.Data["lockstep.yaml"]), 0o600))
	args := onThisMachine(live, map[string]string{"--config": file, "--state-dir": t.TempDir(), "--listen": "127.0.0.1:0"})
	args = append(args, "--state-namespace="+namespace, "--kubeconfig="+asAccount(t, c, kubeconfig, live), "--context=as-account")
	cmd := exec.CommandContext(t.Context(), program(t, "..", "./cmd/lockstep"), args...)
	cmd.Env = append(os.Environ(), "POD_NAME=lockstep-0", "POD_NAMESPACE="+namespace)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // it ends by a signal, with the test's context
	return &daemon{t, said(t, stderr)}
}

// onThisMachine are the arguments of a Deployment's container, with those that are right in a container alone as own says.
func onThisMachine(of *appsv1.Deployment, own map[string]string) []string {
	args := slices.Clone(of.Spec.Template.Spec.Containers[0].Args)
	for i, arg := range args {
		if name, _, _ := strings.Cut(arg, "="); own[name] != "" {
			args[i] = name + "=" + own[name]
		}
	}
	return args
}

// said is the address that the daemon logs, whose further lines are read and dropped.
func said(t *testing.T, log io.Reader) string {
	t.Helper()
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the daemon ends without a status API: %v", err)
		}
		if found := regexp.MustCompile(`"status API".*"address":"([^"]+)"`).FindStringSubmatch(line); found != nil {
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			return found[1]
		}
	}
}

// asAccount is a kubeconfig of the ServiceAccount that a Deployment's pods have.
func asAccount(t *testing.T, c client.Client, kubeconfig string, of *appsv1.Deployment) string {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: of.Spec.Template.Spec.ServiceAccountName}}
	token := &authenticationv1.TokenRequest{}
	must(t, c.SubResource("token").Create(t.Context(), account, token))
	config, err := clientcmd.LoadFromFile(kubeconfig)
	must(t, err)
	for _, user := range config.AuthInfos {
		*user = *user.DeepCopy()
		user.ClientCertificate, user.ClientKey, user.ClientCertificateData, user.ClientKeyData = "", "", nil, nil
		user.Token = token.Status.Token
	}
	config.Contexts["as-account"] = config.Contexts[config.CurrentContext]
	path := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, clientcmd.WriteToFile(*config, path))
	return path
}

// get is what the daemon answers.
func (d *daemon) get(path string) string {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.address+path, nil)
	must(d.t, err)
	response, err := http.DefaultClient.Do(request)
	must(d.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	must(d.t, err)
	return string(body)
}

// answers asks what the kubelet would.
func (d *daemon) answers(t *testing.T, c client.Client, namespace string) {
	t.Helper()
	live := &appsv1.Deployment{}
	must(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "lockstep"}, live))
	container := live.Spec.Template.Spec.Containers[0]
	for _, probe := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe, container.StartupProbe} {
		eventually(t, "an answer to "+probe.HTTPGet.Path, func() (bool, string) { // the kubelet asks again, too
			response, err := http.Get(d.address + probe.HTTPGet.Path)
			must(t, err)
			must(t, response.Body.Close())
			return response.StatusCode == http.StatusOK, response.Status
		})
	}
}

// becomes waits until the app, which is called as the release, is in a state.
func (d *daemon) becomes(state string) {
	d.t.Helper()
	eventually(d.t, "the app to be "+state, func() (bool, string) {
		text := d.get("/api/v1/apps/lockstep")
		var is struct{ State, Reason, Message string }
		must(d.t, json.Unmarshal([]byte(text), &is))
		return is.State == state, fmt.Sprintf("%s %s %s", is.State, is.Reason, is.Message)
	})
}
