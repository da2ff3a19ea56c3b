package webhook

import (
	stdsync "sync"
	"time"
)

// quiet is how long refusals of a provider are counted after one was told.
const quiet = time.Minute

// Refusal is requests of one provider that were not accepted. Whoever is told of one should know that anybody may send them.
type Refusal struct {
	Provider Provider
	Count    int    // since the last that was told
	Reason   string // of the newest; it holds nothing of what was sent
	Err      error  // why secrets of the provider could not be read; nil where they could
}

// refusals count what is not told one by one: a flood of requests must not become one of log entries.
type refusals struct {
	mu   stdsync.Mutex
	told map[Provider]time.Time
	held map[Provider]int
}

func (r *refusals) note(tell func(Refusal), refusal Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.told == nil {
		r.told, r.held = map[Provider]time.Time{}, map[Provider]int{}
	}
	provider := refusal.Provider
	r.held[provider]++
	if now := time.Now(); now.Sub(r.told[provider]) >= quiet {
		refusal.Count = r.held[provider]
		tell(refusal)
		r.told[provider], r.held[provider] = now, 0
	}
}
