package probe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/health/probe"
)

const forbidden = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"services \"web\" is forbidden: User \"lockstep\" cannot get resource \"services/proxy\" in API group \"\" in the namespace \"shop\"","reason":"Forbidden","details":{"name":"web","kind":"services"},"code":403}`

// through asks by way of a server that answers as the API server's proxy does.
func through(t *testing.T, handler http.HandlerFunc) (probe.Result, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := probe.ThroughAPIServer(&rest.Config{Host: server.URL + "/prefix", BearerToken: "token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client.Round(t.Context(), probe.Target{
		URL:  probe.URL{Scheme: "http", Service: "web", Namespace: "shop", Port: "http", Path: "/health?a=b"},
		Port: 80, Address: "10.96.0.7", Backends: []probe.Backend{{Pod: "web-0", Address: "10.1.0.7", Port: 8080}},
	})
}

func TestTheAPIServersProxyIsAskedByItsPaths(t *testing.T) {
	asked := make(chan string, 100)
	r, err := through(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String() + " " + r.Header.Get("Authorization")
		_, _ = w.Write([]byte("web-0"))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantResult(t, r, true, "10 of 10 requests answered: web-0 10")
	close(asked)
	paths := map[string]int{}
	for path := range asked {
		paths[path]++
	}
	if paths["/prefix/api/v1/namespaces/shop/services/http:web:80/proxy/health?a=b Bearer token"] != 10 ||
		paths["/prefix/api/v1/namespaces/shop/pods/http:web-0:8080/proxy/health?a=b Bearer token"] != 1 || len(paths) != 2 {
		t.Errorf("asked %v", paths)
	}
}

func TestAProxyThatMayNotBeUsedIsAnErrorThatNamesTheRight(t *testing.T) {
	_, err := through(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(forbidden))
	})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `cannot get resource "services/proxy" in API group "" in the namespace "shop"`) {
		t.Errorf("error is %v", err)
	}
}

func TestAnAppsOwnRefusalIsAStatus(t *testing.T) {
	r, err := through(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error": "hunter2"}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantResult(t, r, false, "10 × status 403; web-0, asked alone: status 403")
}

func TestWhatTheProxyCannotReachIsToldInPlainWords(t *testing.T) {
	for message, want := range map[string]string{
		`error trying to reach service: dial tcp 10.1.0.7:80: connect: connection refused`: "dial tcp 10.1.0.7:80: connect: connection refused",
		`no endpoints available for service \"http:web:80\"`:                               "no endpoints available",
		`the server is on fire`: "status 503",
	} {
		r, err := through(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"` + message + `","code":503}`))
		})
		if err != nil {
			t.Fatal(err)
		}
		wantResult(t, r, false, "10 × "+want)
	}
}
