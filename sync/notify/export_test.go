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

// WriteAgain writes an event on an object, and the same again after each of the times.
func WriteAgain(ctx context.Context, c client.Client, about corev1.ObjectReference, after ...time.Duration) {
	w := newWriter(c, "lockstep-0", zap.NewNop())
	o := occurrence{about: about, kind: corev1.EventTypeWarning, action: "Gate", reason: "ImagePull", note: "not found"}
	began := time.Now()
	for _, passed := range append([]time.Duration{0}, after...) {
		w.now = func() time.Time { return began.Add(passed) }
		w.write(ctx, o)
	}
}
