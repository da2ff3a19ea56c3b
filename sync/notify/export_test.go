package notify

import (
	"net/http"
	"time"
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

// Fill offers a target as many notices, each of another app, and returns how many wait.
func Fill(n int) int {
	q := newQueue()
	for i := range n {
		q.offer(time.Duration(i).String(), Notice{})
	}
	return len(q.order)
}
