package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	stdsync "sync"

	"golang.org/x/sync/errgroup"
)

// Target is a URL as the cluster has it.
type Target struct {
	URL      URL    // with its namespace
	Address  string // of the Service in the cluster; empty for a headless one
	Port     int    // of the Service
	Backends []Backend
	// Uneven tells that the Service does not spread requests over all of its pods, because it goes by the client's address
	// or by what is near: that a pod answers none then says nothing.
	Uneven bool
}

// Backend is one pod that the Service routes to.
type Backend struct {
	Pod     string
	Address string
	Port    int
}

const (
	// fewest is how many requests a round makes at least.
	fewest = 10
	// share is how many it makes for each pod.
	share = 3
	// patience is how many it makes for each pod before one that has answered none is told: a pod that is routed to misses
	// as many with a chance of less than one in a hundred million.
	patience = 20
	// most is how many it makes at all.
	most = 1000
	// enough is after how many failures it gives up.
	enough = 10
	// concurrency is how many requests are under way together.
	concurrency = 4
)

// Round asks t. The error is the API server's refusal, or ctx's cause; that t does not answer is a result.
func (c *Client) Round(ctx context.Context, t Target) (Result, error) {
	r := &round{client: c, target: t, failed: tally{}, answers: map[string]int{}}
	alone, err := r.alone(ctx)
	if err != nil {
		return Result{}, err
	}
	n := max(fewest, share*len(t.Backends))
	if err := r.through(ctx, min(n, most)); err != nil {
		return Result{}, err
	}
	for limit := min(most, patience*len(t.Backends)); r.lacks() && r.asked < limit; {
		if err := r.through(ctx, min(n, limit-r.asked)); err != nil {
			return Result{}, err
		}
	}
	return r.result(alone), nil
}

// round is a Round under way.
type round struct {
	client *Client
	target Target

	mu                     stdsync.Mutex
	asked, answered, named int
	failed                 tally
	answers                map[string]int // by pod, of those through the Service
}

// alone asks each pod by itself, and returns what is wrong with those that do not answer.
func (r *round) alone(ctx context.Context) (map[string]string, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	wrong := map[string]string{}
	for _, b := range r.target.Backends {
		group.Go(func() error {
			a, err := r.client.ask(ctx, r.target, r.client.pod(r.target, b))
			if err != nil || a.words == "" {
				return err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			wrong[b.Pod] = a.words
			return nil
		})
	}
	return wrong, group.Wait()
}

// through asks the Service n times, or until it is clear that it does not serve.
func (r *round) through(ctx context.Context, n int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for range n {
		group.Go(func() error {
			number, goOn := r.next()
			if !goOn {
				return nil
			}
			a, err := r.client.ask(ctx, r.target, r.client.service(r.target, number))
			if err != nil {
				return err
			}
			r.count(a)
			return nil
		})
	}
	return group.Wait()
}

// next takes the number of the next request, or says that there have been failures enough.
func (r *round) next() (number int, goOn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	failures := 0
	for _, n := range r.failed {
		failures += n
	}
	if failures >= enough {
		return 0, false
	}
	r.asked++
	return r.asked - 1, true
}

func (r *round) count(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.words != "" {
		r.failed[a.words]++
		return
	}
	r.answered++
	if pod := named(a.text, r.target.Backends); pod != "" {
		r.named++
		r.answers[pod]++
	}
}

// lacks tells that every answer names its pod, and some pod is not among them.
func (r *round) lacks() bool {
	return !r.target.Uneven && len(r.failed) == 0 && r.named > 0 && r.named == r.answered &&
		len(missing(r.target.Backends, r.answers)) > 0
}

// result sums up. A pod that answers none is a failure only after as many requests as make that no chance.
func (r *round) result(alone map[string]string) Result {
	result := Result{
		URL: r.target.URL.String(), Asked: r.asked, Answered: r.answered, Pods: []Pod{}, Failures: r.failed.phrases(),
	}
	for _, b := range r.target.Backends {
		result.Pods = append(result.Pods, Pod{Name: b.Pod, Answers: r.answers[b.Pod], Alone: alone[b.Pod] == ""})
	}
	slices.SortFunc(result.Pods, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range result.Pods {
		if words := alone[p.Name]; words != "" {
			result.Failures = append(result.Failures, fmt.Sprintf("%s, asked alone: %s", p.Name, words))
		}
	}
	if r.lacks() && r.asked >= patience*len(r.target.Backends) {
		for _, name := range missing(r.target.Backends, r.answers) {
			result.Failures = append(result.Failures, fmt.Sprintf("%s answered none of %d", name, r.asked))
		}
	}
	return result
}
