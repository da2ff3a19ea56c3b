package sync

import (
	"math/rand/v2"
	"time"
)

const (
	// firstRetry is the pause after the first failure; each further one doubles it, up to lastRetry.
	firstRetry = time.Second
	// firstFetchRetry is longer: a git server that is down, or that refuses us, is not ours to press.
	firstFetchRetry = 5 * time.Second
	lastRetry       = 5 * time.Minute
	// lastClusterRetry is shorter: what the cluster missed while its API server was away should be live soon after it is
	// back, and to ask one that is away costs nobody anything.
	lastClusterRetry = 15 * time.Second
	// jitter is by how much a pause may be longer or shorter than computed, so that many daemons do not ask at once.
	jitter = 0.2
)

// backoff counts failures in a row. Its zero value has seen none.
type backoff struct{ failures int }

// next returns the pause after one more failure, first being the shortest and last the longest.
func (b *backoff) next(first, last time.Duration) time.Duration {
	pause := last
	if b.failures < 20 { // far beyond any last, and far from an overflow
		pause = min(first<<b.failures, last)
	}
	b.failures++
	return jittered(pause)
}

func (b *backoff) reset() { b.failures = 0 }

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 - jitter + 2*jitter*rand.Float64()))
}

// later returns a duration that is longer, never shorter, than d, by as much as others may differ.
func later(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*rand.Float64()))
}
