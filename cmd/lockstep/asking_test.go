package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

const (
	oldToken = "the-old-token-0123456789"
	newToken = "the-new-token-0123456789"
)

// asks sends a request to a daemon, and returns the status and the text of the answer.
func (d *process) asks(method, app, authorization string) (int, string) {
	d.Helper()
	request, err := http.NewRequestWithContext(d.Context(), method, "http://"+d.address+"/api/v1/apps/"+app+"/sync", http.NoBody)
	if err != nil {
		d.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		d.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// refusesToSync wants a daemon to do so with each request that is none.
func (d *process) refusesToSync() {
	d.Helper()
	for _, r := range []struct {
		method, app, authorization string
		code                       int
	}{
		{"GET", "app", "Bearer " + newToken, http.StatusMethodNotAllowed},
		{"DELETE", "app", "Bearer " + newToken, http.StatusMethodNotAllowed},
		{"POST", "app", "", http.StatusUnauthorized},
		{"POST", "nobody", "", http.StatusUnauthorized},
		{"POST", "app", "Bearer ", http.StatusUnauthorized},
		{"POST", "app", "Bearer " + newToken + "0", http.StatusUnauthorized},
		{"POST", "app", "Bearer " + oldToken + "\t" + newToken, http.StatusUnauthorized},
		{"POST", "app", "Basic " + newToken, http.StatusUnauthorized},
		{"POST", "app", newToken, http.StatusUnauthorized},
		{"POST", "nobody", "Bearer " + newToken, http.StatusNotFound},
		{"POST", "No%2Fbody", "Bearer " + newToken, http.StatusNotFound},
	} {
		code, text := d.asks(r.method, r.app, r.authorization)
		if code != r.code || !strings.Contains(text, `{"error":`) || strings.Contains(text, "token-0123") {
			d.Errorf("%s of %s: %s %s with %q: %d %s, want %d", d.name, d.address, r.method, r.app, r.authorization, code, text, r.code)
		}
	}
}

// TestWhoHasTheTokenHasAnAppBroughtInStep asks the leader, and the standby, which leads it on through the cluster.
func TestWhoHasTheTokenHasAnAppBroughtInStep(t *testing.T) {
	p := newPair(t)
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte(oldToken+"\n"+newToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := append(p.app(), "--sync-token-file", tokens)
	p.settings(1, "one")
	first := p.start("first", flags...)
	first.leads()
	second := p.start("second", flags...)
	second.waits()
	p.settings(1, "two")
	p.have(1, "two")
	first.leads()
	for _, d := range []*process{first, second} {
		d.refusesToSync()
		out, code := p.lockstep("rollback", "app", "--state-namespace", p.namespace, "--kubeconfig", clustertest.Kubeconfig(t))
		if p.have(1, "one"); code != exitHealthy {
			t.Fatalf("rollback: %d %s", code, out)
		}
		if code, text := d.asks("POST", "app", "bearer "+oldToken); code != http.StatusAccepted || text != `{"action":"sync","app":"app"}`+"\n" {
			t.Fatalf("%s: %d %s", d.name, code, text)
		}
		p.have(1, "two")
		p.noRequest()
	}
	if err := os.WriteFile(tokens, []byte(newToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	clustertest.Eventually(t, "the old token to be refused", func(context.Context) (bool, string) {
		code, text := first.asks("POST", "app", "Bearer "+oldToken)
		return code == http.StatusUnauthorized, fmt.Sprint(code, text)
	})
	for _, d := range []*process{first, second} {
		if log := d.out.String(); strings.Contains(log, oldToken) || strings.Contains(log, newToken) {
			t.Errorf("%s has logged a token", d.name)
		}
	}
}

// noRequest waits until nothing is left of what was asked.
func (p *pair) noRequest() {
	p.Helper()
	clustertest.Eventually(p, "the request to go", func(ctx context.Context) (bool, string) {
		err := p.client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: "lockstep-request.app"}, &corev1.Secret{})
		return apierrors.IsNotFound(err), fmt.Sprint(err)
	})
}

func TestNobodyMayAskForASyncUnlessItIsSaidWho(t *testing.T) {
	p := newPair(t)
	p.settings(1, "one")
	only := p.start("only", p.app()...)
	only.leads()
	if code, text := only.asks("POST", "app", "Bearer "); code != http.StatusNotFound && code != http.StatusMethodNotAllowed {
		t.Errorf("%d %s", code, text)
	}
}

func TestAStandbyMayBeAskedForAnAppThatIsNotOnRecordYet(t *testing.T) {
	p := newPair(t)
	p.write("apps/app", "app", "one")
	p.repo.Commit("one")
	config, token := filepath.Join(t.TempDir(), "lockstep.yaml"), filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(newToken), 0o600); err != nil {
		t.Fatal(err)
	}
	p.config(config, fmt.Sprintf("- {name: fresh, path: nowhere, repository: shop, namespace: %s}\n", p.namespace))
	flags := []string{"--config", config, "--sync-token-file", token}
	first := p.start("first", flags...)
	clustertest.Eventually(t, "the app to fail", func(ctx context.Context) (bool, string) {
		list, err := first.list(ctx)
		return len(list.Apps) == 1 && list.Apps[0].Reason != "", fmt.Sprint(list, err)
	})
	second := p.start("second", flags...)
	second.waits()
	if code, text := second.asks("POST", "fresh", "Bearer "+newToken); code != http.StatusAccepted {
		t.Errorf("the standby says %d %s", code, text)
	}
	if code, text := second.asks("POST", "nobody", "Bearer "+newToken); code != http.StatusNotFound {
		t.Errorf("of no app the standby says %d %s", code, text)
	}
}
