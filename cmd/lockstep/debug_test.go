package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestProfilesAreForThisMachineAlone(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":6060", "[::]:0", "192.0.2.1:6060", "example.com:6060", "6060"} {
		if listener, err := listenLoopback("--pprof", address); err == nil {
			_ = listener.Close()
			t.Errorf("%s is taken", address)
		}
	}
}

// startDebug starts the server of --pprof, and returns how to ask it.
func startDebug(t *testing.T, level zap.AtomicLevel) (ask func(method, path, host, body string) (int, string)) {
	t.Helper()
	s := &signals{}
	if err := s.open("127.0.0.1:0", level); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.debug(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return func(method, path, host, body string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.pprof.Addr().String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			request.Host = host
		}
		if strings.Contains(body, "=") { // as curl does
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
}

func TestTheLevelOfTheLogIsSetAtRunTime(t *testing.T) {
	level := zap.NewAtomicLevelAt(zapcore.InfoLevel)
	ask := startDebug(t, level)
	if code, text := ask(http.MethodPut, "/debug/level", "", `{"level":"debug"}`); code != http.StatusOK || level.Level() != zapcore.DebugLevel {
		t.Errorf("%d %s: %s", code, text, level)
	}
	if code, text := ask(http.MethodGet, "/debug/level", "localhost:6060", ""); code != http.StatusOK || !strings.Contains(text, "debug") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := ask(http.MethodPut, "/debug/level", "", `{"level":"loud"}`); code != http.StatusBadRequest || level.Level() != zapcore.DebugLevel {
		t.Errorf("%d for a level that there is not: %s", code, level)
	}
	if code, _ := ask(http.MethodPut, "/debug/level", "rebound.example.com:6060", `{"level":"error"}`); code != http.StatusForbidden || level.Level() != zapcore.DebugLevel {
		t.Errorf("%d for a request by another host's name: %s", code, level)
	}
}

func TestProfilesAreServedWhereTheyWereAskedFor(t *testing.T) {
	ask := startDebug(t, zap.NewAtomicLevel())
	if code, text := ask(http.MethodGet, "/debug/pprof/goroutine?debug=1", "", ""); code != http.StatusOK || !strings.Contains(text, "goroutine profile") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := ask(http.MethodGet, "/debug/pprof/heap", "rebound.example.com", ""); code != http.StatusForbidden {
		t.Errorf("%d for a request by another host's name", code)
	}
}

// TestTheReadmesCommandSetsTheLevelOfTheLog sends what curl makes of the README's command: a form.
func TestTheReadmesCommandSetsTheLevelOfTheLog(t *testing.T) {
	level := zap.NewAtomicLevelAt(zapcore.InfoLevel)
	ask := startDebug(t, level)
	_, command, found := strings.Cut(readme(t), "curl -X PUT -d ")
	body, rest, _ := strings.Cut(command, " ")
	if !found || !strings.HasPrefix(rest, "http://127.0.0.1:6060/debug/level\n") {
		t.Fatal("the README does not say how the level is set")
	}
	if !strings.HasPrefix(body, "level=") {
		t.Errorf("%s is no form, which is what curl says that it sends", body)
	}
	if code, text := ask(http.MethodPut, "/debug/level", "", body); code != http.StatusOK || level.Level() != zapcore.DebugLevel {
		t.Errorf("%d %s: %s", code, text, level)
	}
}
