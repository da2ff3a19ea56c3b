package otlp_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/otlp"
)

const patience = 30 * time.Second

// collector is a collector of OpenTelemetry, which takes what the protocol's own messages can be read from.
type collector struct {
	*httptest.Server
	got chan []*tracev1.Span
}

func newCollector(t *testing.T, codes ...int) *collector {
	c := &collector{got: make(chan []*tracev1.Span, 100)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var message tracev1.TracesData
		if err == nil {
			err = protojson.Unmarshal(body, &message)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.URL.Path, body, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if len(codes) > 0 {
			w.WriteHeader(codes[0])
			codes = codes[1:]
		}
		var spans []*tracev1.Span
		for _, resource := range message.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				spans = append(spans, scope.GetSpans()...)
			}
		}
		c.got <- spans
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) next(t *testing.T) []*tracev1.Span {
	t.Helper()
	select {
	case spans := <-c.got:
		return spans
	case <-time.After(patience):
		t.Fatal("no trace came")
		return nil
	}
}

// run has an exporter run, until end is called.
func run(t *testing.T, endpoint, caFile string) (e *otlp.Exporter, logs *observer.ObservedLogs, end func()) {
	t.Helper()
	return runTo(t, otlp.Collector{Endpoint: endpoint, CAFile: caFile})
}

func runTo(t *testing.T, to otlp.Collector) (e *otlp.Exporter, logs *observer.ObservedLogs, end func()) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	e, err := otlp.New(to, "v1.2.3", func(text string) string { return strings.ReplaceAll(text, "c4nary", "***") }, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	over := false
	end = func() {
		stop()
		if !over {
			over = true
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(end)
	return e, logs, end
}

func trace(failure error) sync.Trace {
	began := time.Unix(1_700_000_000, 5)
	return sync.Trace{
		App:      sync.App{Name: "web", Repository: "https://git.example.com/c4nary.git"},
		Revision: git.Revision{Ref: "main", Hash: strings.Repeat("1", 40)}, State: sync.Failed, Err: failure,
		Began: began, Ended: began.Add(3 * time.Second), Steps: []sync.Span{
			{Step: sync.StepFetch, Began: began, Ended: began.Add(time.Second)},
			{Step: sync.StepRead, Began: began.Add(time.Second), Ended: began.Add(3 * time.Second)},
		},
	}
}

func attributes(s *tracev1.Span) map[string]string {
	found := map[string]string{}
	for _, a := range s.GetAttributes() {
		found[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return found
}

func TestAPassIsATraceOfItsSteps(t *testing.T) {
	c := newCollector(t)
	e, _, end := run(t, c.URL, "")
	e.Traced(sync.Trace{Steps: []sync.Span{{Step: sync.StepFetch}}}) // only looked
	e.Traced(trace(&sync.Error{Step: sync.StepRead, App: "web", Err: errors.New("says c4nary")}))
	end()
	spans := c.next(t)
	if len(spans) != 3 {
		t.Fatalf("%d spans: %v", len(spans), spans)
	}
	pass, fetch, read := spans[0], spans[1], spans[2]
	if pass.GetName() != "pass" || fetch.GetName() != "fetch" || read.GetName() != "read" || len(pass.GetParentSpanId()) > 0 ||
		string(fetch.GetParentSpanId()) != string(pass.GetSpanId()) || string(read.GetTraceId()) != string(pass.GetTraceId()) {
		t.Errorf("%v", spans)
	}
	if took := read.GetEndTimeUnixNano() - read.GetStartTimeUnixNano(); took != uint64(2*time.Second) || pass.GetStartTimeUnixNano() != 1_700_000_000_000_000_005 {
		t.Errorf("read took %d, the pass began at %d", took, pass.GetStartTimeUnixNano())
	}
	got := attributes(pass)
	if got["lockstep.app"] != "web" || got["lockstep.revision"] != "main@sha1:1111111" || got["lockstep.state"] != "Failed" || got["lockstep.repository"] != "https://git.example.com/***.git" {
		t.Error(got)
	}
	ends(t, fetch, read)
}

// ends wants the step that the pass ended in to say why, and the one before it nothing.
func ends(t *testing.T, fetch, read *tracev1.Span) {
	t.Helper()
	if s := read.GetStatus(); s.GetCode() != tracev1.Status_STATUS_CODE_ERROR || s.GetMessage() != "ManifestInvalid: web says ***" {
		t.Errorf("%v", s)
	}
	if fetch.GetStatus() != nil {
		t.Errorf("a step that went well: %v", fetch.GetStatus())
	}
}

func TestANewerCommitIsNoFailureOfAPass(t *testing.T) {
	c := newCollector(t)
	e, _, end := run(t, c.URL+"/", "")
	e.Traced(trace(&sync.Error{Step: sync.StepGate, Err: sync.ErrSuperseded}))
	end()
	if s := c.next(t)[0].GetStatus(); s != nil {
		t.Errorf("%v", s)
	}
}

func TestACollectorThatIsOutOfOrderIsToldOnceAndDelaysNobody(t *testing.T) {
	c := newCollector(t, http.StatusServiceUnavailable, http.StatusFound)
	e, logs, end := run(t, c.URL, "")
	for range 2 {
		e.Traced(trace(nil))
		c.next(t)
	}
	for range 5000 {
		e.Traced(trace(nil)) // more than may wait: the rest is dropped
	}
	c.next(t)
	end()
	if logs.FilterMessage("traces are not taken").Len() != 1 || logs.FilterMessageSnippet("traces are dropped").Len() == 0 || logs.Len() > 3 {
		t.Errorf("%v", logs.All())
	}
}

func TestAnEndpointIsChecked(t *testing.T) {
	for _, endpoint := range []string{"collector:4318", "ftp://collector", "https://ada:c4nary@collector", "http://", "http://collector?key=c4nary", "://"} {
		for _, to := range []otlp.Collector{{Endpoint: endpoint}, {Traces: endpoint}} {
			if _, err := otlp.New(to, "", nil, nil); err == nil || strings.Contains(err.Error(), "c4nary") {
				t.Errorf("%+v: %v", to, err)
			}
		}
	}
	for _, headers := range []map[string]string{{"a b": "c4nary"}, {"a": "c4nary\r\nb: c"}, {"": "c4nary"}} {
		to := otlp.Collector{Endpoint: "http://collector:4318", Headers: headers}
		if _, err := otlp.New(to, "", nil, nil); err == nil || strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%q: %v", headers, err)
		}
	}
}

func TestAListIsReadAsTheSpecificationHasIt(t *testing.T) {
	got, err := otlp.ParseList(" api-key = a%20b%2Cc== , ,x=")
	if want := map[string]string{"api-key": "a b,c==", "x": ""}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"c4nary", "=c4nary", "a=c4nary%zz", "%zz=c4nary"} {
		if _, err := otlp.ParseList(text); err == nil || strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestACollectorGetsItsHeadersAndTheResource wants the address of traces to be taken as it is.
func TestACollectorGetsItsHeadersAndTheResource(t *testing.T) {
	type asked struct {
		path, key, agent string
		resource         map[string]string
	}
	got := make(chan asked, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var message tracev1.TracesData
		if err := protojson.Unmarshal(body, &message); err != nil {
			t.Error(err)
		}
		is := asked{r.URL.Path, r.Header.Get("Api-Key"), r.Header.Get("User-Agent"), map[string]string{}}
		for _, a := range message.GetResourceSpans()[0].GetResource().GetAttributes() {
			is.resource[a.GetKey()] = a.GetValue().GetStringValue()
		}
		got <- is
	}))
	t.Cleanup(server.Close)
	e, _, end := runTo(t, otlp.Collector{
		Traces: server.URL + "/tenant/spans", Headers: map[string]string{"api-key": "c4nary", "user-agent": "else"},
		Resource: map[string]string{"service.name": "delivery", "k8s.pod.name": "lockstep-0"},
	})
	e.Traced(trace(nil))
	end()
	want := asked{"/tenant/spans", "c4nary", "lockstep/v1.2.3", map[string]string{"service.name": "delivery", "service.version": "v1.2.3", "k8s.pod.name": "lockstep-0"}}
	if is := <-got; !reflect.DeepEqual(is, want) {
		t.Errorf("%+v", is)
	}
}

func TestACollectorOfOnesOwnAuthorityIsTrustedByItsCertificate(t *testing.T) {
	c := newCollector(t)
	secure := httptest.NewTLSServer(c.Config.Handler)
	t.Cleanup(secure.Close)
	refusing, logs, end := run(t, secure.URL, "")
	refusing.Traced(trace(nil))
	end()
	if len(c.got) > 0 || logs.Len() != 1 || !strings.Contains(fmt.Sprint(logs.All()[0].ContextMap()), "unknown authority") {
		t.Errorf("an authority that nobody has named: %d traces, %v", len(c.got), logs.All())
	}
	caFile := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	e, logs, end := run(t, secure.URL, caFile)
	e.Traced(trace(nil))
	c.next(t)
	end()
	if logs.Len() > 0 {
		t.Errorf("%v", logs.All())
	}
}

func TestACollectorThatSaysNothingDelaysTheEndNoLongerThanAMoment(t *testing.T) {
	asked := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // whether the client has gone is seen only then
		close(asked)
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	e, logs, end := run(t, silent.URL, "")
	e.Traced(trace(nil))
	<-asked
	end()
	if logs.Len() != 1 || !strings.Contains(fmt.Sprint(logs.All()[0].ContextMap()), "context canceled") {
		t.Errorf("it was waited for: %v", logs.All()) // or for the whole of the time that an answer may take
	}
}
