package metrics_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	stdsync "sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync"
)

// TestACountBeginsAtZero wants the first of each kind to be an increase: a series that is first seen at 1 is none to Prometheus.
func TestACountBeginsAtZero(t *testing.T) {
	s := newStage(t)
	s.join("web")
	s.metrics.Source("shop", &source{})
	s.shows(
		`lockstep_fights_total{app="web"} 0`, `lockstep_drift_corrections_total{app="web"} 0`, `lockstep_rollbacks_total{app="web"} 0`,
		`lockstep_objects_total{action="created",app="web"} 0`, `lockstep_objects_total{action="skipped",app="web"} 0`,
		`lockstep_gate_verdicts_total{app="web",reason="Healthy"} 0`, `lockstep_commit_to_healthy_seconds_count{app="web"} 0`,
		`lockstep_step_duration_seconds_count{step="gate"} 0`, `lockstep_repository_fetches_total{repository="shop"} 0`,
		`lockstep_repository_fetch_errors_total{repository="shop",type="AuthenticationFailed"} 0`,
		`lockstep_notifications_total{outcome="dropped",target="ops"} 0`, `lockstep_notifications_total{outcome="sent",target="ops"} 3`,
	)
}

// TestAnOutageHasAnAgeAlsoAfterARestart wants none while the first fetch is under way, which may take long and go well.
func TestAnOutageHasAnAgeAlsoAfterARestart(t *testing.T) {
	s := newStage(t)
	from := &source{err: errors.New("refused")}
	counted := s.metrics.Source("shop", from)
	const series = `lockstep_repository_last_fetch_timestamp_seconds{repository="shop"}`
	if page := s.page(); strings.Contains(page, series) {
		t.Errorf("before the first fetch has ended:\n%s", ours(page))
	}
	_, _ = counted.Fetch(t.Context())
	s.shows(series + " 0")
	from.err = nil
	_, _ = counted.Fetch(t.Context())
	from.err = errors.New("refused")
	_, _ = counted.Fetch(t.Context())
	if page := s.page(); !strings.Contains(page, series+" 1.") {
		t.Errorf("a fetch that failed takes away the age of the one before:\n%s", ours(page))
	}
	s.metrics.Keep()
	s.metrics.Keep("shop") // as a config file does that names it again
	s.shows(`lockstep_repository_fetches_total{repository="shop"} 0`)
}

// TestEachErrorOfTheGitPackageHasASeries reads which errors there are.
func TestEachErrorOfTheGitPackageHasASeries(t *testing.T) {
	s := newStage(t)
	s.metrics.Source("shop", &source{})
	page := s.page()
	files, err := filepath.Glob("../../git/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found += len(regexp.MustCompile(`(?m)^\tErr[A-Z]\w+ += errors.New`).FindAllString(string(text), -1))
	}
	const asOther = 2 // ErrURL and ErrPathNotFound are no fetch's
	if got := strings.Count(page, "\nlockstep_repository_fetch_errors_total{"); found < 10 || got != found-asOther+2 {
		t.Errorf("%d series of %d errors, a timeout and any other:\n%s", got, found, ours(page))
	}
}

// scrape asks as Prometheus does.
func (s *stage) scrape(accept string) (kind string, body io.Reader) {
	s.Helper()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "gzip")
	answer := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Encoding") != "gzip" {
		s.Fatalf("%d %v", answer.Code, answer.Header())
	}
	body, err := gzip.NewReader(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.Header().Get("Content-Type"), body
}

func TestPrometheusGetsNativeHistogramsAsProtobuf(t *testing.T) {
	s := newStage(t)
	s.fill()
	kind, body := s.scrape("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.2")
	messages := bufio.NewReader(body)
	native := map[string]bool{}
	for {
		family := &dto.MetricFamily{}
		err := protodelim.UnmarshalFrom(messages, family)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for _, m := range family.GetMetric() {
			h := m.GetHistogram()
			isBoth := h != nil && h.Schema != nil && len(h.GetBucket()) > 5 && (len(h.GetPositiveSpan()) > 0 || h.GetZeroCount() > 0)
			native[family.GetName()] = native[family.GetName()] || isBoth
		}
	}
	if !native["lockstep_commit_to_healthy_seconds"] || !native["lockstep_step_duration_seconds"] {
		t.Errorf("both native and classic: %v", native)
	}
}

func TestOpenMetricsAreServedToWhoeverAsksForThem(t *testing.T) {
	s := newStage(t)
	s.fill()
	kind, body := s.scrape("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
	text, err := io.ReadAll(body)
	if err != nil || !strings.HasPrefix(kind, "application/openmetrics-text; version=1.0.0") || !strings.HasSuffix(string(text), "# EOF\n") {
		t.Errorf("%s, %v:\n%s", kind, err, ours(string(text)))
	}
}

// TestAScrapeGoesWithAThousandAppsThatComeAndGo leaves no series behind.
func TestAScrapeGoesWithAThousandAppsThatComeAndGo(t *testing.T) {
	s := newStage(t)
	var group stdsync.WaitGroup
	for i := range 1000 {
		group.Go(func() {
			app := fmt.Sprintf("app-%d", i)
			tell := func(event sync.Event) {
				event.App, event.Revision, event.At = app, first, s.now
				s.store.Observe(t.Context(), event)
				s.metrics.Observe(t.Context(), event)
			}
			tell(sync.Event{Joined: &sync.App{Name: app}})
			for _, event := range commit(first, apply.Created) {
				tell(event)
			}
			tell(sync.Event{Left: true})
		})
	}
	for range 10 {
		if page := s.page(); !strings.Contains(page, "lockstep_build_info") {
			t.Error("a scrape while apps change gets nothing")
		}
	}
	group.Wait()
	if page := s.page(); strings.Contains(page, `app="`) {
		t.Errorf("series of apps that have left:\n%.2000s", ours(page))
	}
}
