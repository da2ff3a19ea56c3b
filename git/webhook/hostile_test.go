package webhook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

// endless is a body of spaces.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func sha1Of(body []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	_, _ = mac.Write(body)
	return "sha1=" + hex.EncodeToString(mac.Sum(nil))
}

func TestSHA1SignaturesAreRefused(t *testing.T) {
	for provider, event := range map[webhook.Provider]string{webhook.GitHub: "github-push", webhook.Bitbucket: "bitbucket-push"} {
		s, body := newStage(t, provider), payload(t, event)
		for _, name := range []string{"X-Hub-Signature", "X-Hub-Signature-256"} {
			header := http.Header{"X-Github-Event": {"push"}, "X-Event-Key": {"repo:push"}}
			header.Set(name, sha1Of(body))
			s.wants(http.StatusUnauthorized, 0, body, header)
			header.Set(name, strings.Replace(sha1Of(body), "sha1=", "sha256=", 1))
			s.wants(http.StatusUnauthorized, 0, body, header)
		}
	}
}

func TestABodyOfTheLimitIsReadAndALargerOneIsNot(t *testing.T) {
	s := newStage(t, webhook.Generic)
	whole := append([]byte("{}"), bytes.Repeat([]byte(" "), webhook.MaxBody-2)...)
	s.wants(http.StatusAccepted, 1, whole, signed(webhook.Generic, "", secret, whole))
	chunked := func(body []byte) io.Reader { return io.MultiReader(bytes.NewReader(body)) } // whose length nobody knows
	if status, text := s.post(chunked(whole), signed(webhook.Generic, "", secret, whole)); status != http.StatusAccepted {
		t.Errorf("chunked: %d %s", status, text)
	}
	larger := append(whole, ' ')
	headers := fmt.Sprintf("Content-Length: %d\r\nX-Signature: sha256=%x\r\n", len(larger), digest(secret, larger))
	if status := s.raw(headers, bytes.NewReader(larger)); status != "413" {
		t.Errorf("answered %s", status)
	}
	if status, text := s.post(chunked(larger), signed(webhook.Generic, "", secret, larger)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %d %s", status, text)
	}
}

// raw sends a request by hand, as a client that stops sending once it has an answer does not, and returns the status.
func (s *stage) raw(headers string, body io.Reader) string {
	s.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.Context(), "tcp", strings.Split(s.url, "/")[2])
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = fmt.Fprintf(conn, "POST /hooks/generic HTTP/1.1\r\nHost: lockstep\r\n%s\r\n", headers)
		_, _ = io.Copy(conn, body)
	}()
	answer := make([]byte, len("HTTP/1.1 000"))
	if _, err := io.ReadFull(conn, answer); err != nil {
		s.Fatal(err)
	}
	<-s.done
	return string(answer[len("HTTP/1.1 "):])
}

// chunks is an endless body in chunks.
type chunks struct{}

func (chunks) Read(p []byte) (int, error) {
	const chunk = "400\r\n"
	n := copy(p, chunk+strings.Repeat(" ", 0x400)+"\r\n")
	if n < len(chunk)+0x402 {
		return 0, io.ErrShortBuffer
	}
	return n, nil
}

func TestABodyThatDoesNotEndIsGivenUp(t *testing.T) {
	s := newStage(t, webhook.Generic)
	shown := "X-Signature: sha256=" + strings.Repeat("ab", 32) + "\r\n"
	for headers, want := range map[string]string{
		shown + "Transfer-Encoding: chunked\r\n": "413",
		shown + "Content-Length: 27262976\r\n":   "413",
		"Transfer-Encoding: chunked\r\n":         "401", // whoever shows nothing is not read
		"Content-Length: 27262976\r\n":           "401",
	} {
		var body io.Reader = endless{}
		if strings.Contains(headers, "chunked") {
			body = chunks{}
		}
		if got := s.raw(headers, body); got != want {
			t.Errorf("%q: %s, want %s", headers, got, want)
		}
	}
}

func TestNoEncodingIsUndone(t *testing.T) {
	s := newStage(t, webhook.Generic)
	var bomb bytes.Buffer
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, io.LimitReader(endless{}, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	header := signed(webhook.Generic, "", secret, bomb.Bytes())
	header.Set("Content-Encoding", "gzip")
	before := allocated()
	s.wants(http.StatusBadRequest, 0, bomb.Bytes(), header)
	if took := allocated() - before; took > 16<<20 {
		t.Errorf("took %d bytes", took)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestDeepAndBrokenJSONIsRefusedWithoutHarm(t *testing.T) {
	for _, d := range pushes {
		s := newStage(t, d.provider)
		for _, body := range []string{
			strings.Repeat("[", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), strings.Repeat(`{"repository":`, 100_000),
			`{"repository":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}",
			"{", "payload=%7B%7D", "\xff", `{"event_name":"push","eventType":"git.push","repository":1,"project":1,"push":1,"resource":1,"changes":1}`, `"text"`,
		} {
			s.wants(http.StatusBadRequest, 0, []byte(body), signed(d.provider, d.event, secret, []byte(body)))
		}
	}
}

// TestAFloodIsRefusedAtLittleMemory sends far more than anybody should at once: unsigned requests, and large bodies whose
// signature is wrong.
func TestAFloodIsRefusedAtLittleMemory(t *testing.T) {
	refused, most := flood(t, 2_000)
	if refused != 2_000 {
		t.Errorf("%d of 2000 were refused", refused)
	}
	if most > 32<<20 {
		t.Errorf("the heap grew by %d bytes", most)
	}
}

// flood returns how many of n requests were refused, and by how much the heap grew, with what the clients took of it.
func flood(t testing.TB, n int) (refused int64, most uint64) {
	t.Helper()
	s := newStage(t, webhook.GitHub)
	go func() { // nobody waits for single ones
		for {
			select {
			case <-s.done:
			case <-t.Context().Done():
				return
			}
		}
	}()
	ctx, stop := context.WithCancel(t.Context())
	grown := watchHeap(ctx)
	requests, count := make(chan int), atomic.Int64{}
	var senders stdsync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	for range 32 {
		senders.Go(func() {
			for i := range requests {
				if s.unsigned(client, i) {
					count.Add(1)
				}
			}
		})
	}
	for i := range n {
		requests <- i
	}
	close(requests)
	senders.Wait()
	stop()
	client.CloseIdleConnections()
	if woken := s.woken.Load(); woken != 0 {
		t.Errorf("woken %d times", woken)
	}
	return count.Load(), <-grown
}

// unsigned sends one of a flood, each hundredth with a large body, and reports whether it was refused.
func (s *stage) unsigned(client *http.Client, i int) bool {
	body, header := io.Reader(strings.NewReader(`{"ref":"refs/heads/main"}`)), http.Header{}
	if i%100 == 0 {
		body = io.LimitReader(endless{}, webhook.MaxBody)
		header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("ab", 32))
	}
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url, body)
	if err != nil {
		s.Error(err)
		return false
	}
	request.Header = header
	answer, err := client.Do(request)
	if err != nil {
		s.Error(err)
		return false
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusUnauthorized
}

// watchHeap returns by how much the heap has grown at most once ctx has ended.
func watchHeap(ctx context.Context) <-chan uint64 {
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	grown, before := make(chan uint64, 1), inUse()
	go func() {
		most, ticker := before, time.NewTicker(5*time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			most = max(most, inUse())
			<-ticker.C
		}
		grown <- most - before
	}()
	return grown
}

// BenchmarkUnsignedWebhooks says how many a second are refused, and by how much the heap grows.
func BenchmarkUnsignedWebhooks(b *testing.B) {
	start := time.Now()
	refused, most := flood(b, b.N)
	b.ReportMetric(float64(refused)/time.Since(start).Seconds(), "refused/s")
	b.ReportMetric(float64(most)/(1<<20), "MiB")
}
