package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// silent is an API server that answers the first question, whether it is there, and no other. Asked receives the path of
// each call.
func silent(t *testing.T, answer http.HandlerFunc) (config *rest.Config, asked <-chan string) {
	t.Helper()
	paths := make(chan string, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/livez/ping") {
			return
		}
		paths <- r.URL.Path
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}, paths
}

// hold never answers. It reads what it is sent, as the server notices only then that the client has gone.
func hold(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestDiscoveryOnAServerThatSaysNothingEndsWithTheDaemon(t *testing.T) {
	config, asked := silent(t, hold)
	ctx, end := context.WithCancel(marked(t.Context()))
	c, err := connect(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := c.RESTMapper().RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
		ended <- err
	}()
	<-asked
	end()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the call to be cancelled, not to run out of time", err)
	}
}

// ask makes a call with a context of its own through the transport that connect gives every client.
func ask(ctx context.Context, t *testing.T, config *rest.Config) (*http.Response, error) {
	t.Helper()
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(httpClient.CloseIdleConnections)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host+"/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	return httpClient.Do(request)
}

func TestAnAnswerThatStopsHalfWayEndsWithTheDaemon(t *testing.T) {
	config, _ := silent(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, end := context.WithCancel(t.Context())
	config.Wrap(endWith(ctx))
	answer, err := ask(t.Context(), t, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(answer.Body, make([]byte, len("half"))); err != nil {
		t.Fatal(err)
	}
	end()
	if _, err := io.ReadAll(answer.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the rest to be cancelled", err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestAVerdictCanStillBePutOnRecordAfterTheDaemonsEnd(t *testing.T) {
	config, _ := silent(t, func(http.ResponseWriter, *http.Request) {})
	ctx, end := context.WithCancel(marked(t.Context()))
	config.Wrap(endWith(ctx))
	end()
	answer, err := ask(context.WithoutCancel(ctx), t, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if _, err := ask(t.Context(), t, config); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a call that is nobody's to be cancelled", err)
	}
}
