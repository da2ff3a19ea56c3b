package notify

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// Hurry has targets tried again at once, instead of after a growing pause.
func (n *Notifier) Hurry() { n.retry = time.Millisecond }

// Linger has targets tried again after the longest pause from the first on.
func (n *Notifier) Linger() { n.retry = lastRetry }

// Pauses are how long a target is left alone after each of a row of attempts that failed, when it asks for as long.
func Pauses(asked ...time.Duration) (pauses []time.Duration) {
	d := &desk{retry: firstRetry}
	for _, one := range asked {
		pauses = append(pauses, d.pause(one))
	}
	return pauses
}

// RetryAfter is how long an answer asks for.
func RetryAfter(header http.Header) time.Duration { return retryAfter(header) }

// Judge says of an answer with a text whether the same is sent again, and after how long.
func Judge(of Type, answer *http.Response, text string) (pause time.Duration, again bool) {
	retry, again := errors.AsType[*retryError](Target{Type: of}.judge(answer, []byte(text), message{}))
	if !again {
		return 0, false
	}
	return retry.after, true
}

// Status is where the status of a commit goes and what it says; empty when the target has nothing to say of the repository.
func Status(t Target, repository string, of git.Revision) (to string, body []byte, err error) {
	n := Notice{App: "web", Repository: repository, State: sync.Healthy, Message: "serving from 3 pods", Revision: of}
	if !t.wants(n) {
		return "", nil, nil
	}
	m, err := t.message(n)
	if err != nil {
		return "", nil, err
	}
	return m.url.String(), m.body, nil
}

// Fill offers a target as many notices, each of another app, and returns how many wait.
func Fill(n int) int {
	q := newQueue()
	for i := range n {
		q.offer(time.Duration(i).String(), Notice{})
	}
	return len(q.order)
}

// Occurrence is an event to write at a time after the first.
type Occurrence struct {
	After        time.Duration
	About        corev1.ObjectReference
	Reason, Note string
}

// Write writes events, and returns what is logged meanwhile.
func Write(ctx context.Context, c client.Client, log *zap.Logger, all ...Occurrence) {
	w := newWriter(c, "lockstep-0", log)
	began := time.Now()
	for _, one := range all {
		w.now = func() time.Time { return began.Add(one.After) }
		w.offer(occurrence{subject{"web", one.About, corev1.EventTypeWarning, "Gate", one.Reason}, one.Note})
		w.write(ctx, <-w.waiting)
	}
}
