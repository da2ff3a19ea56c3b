package health

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/health/probe"
)

const (
	// askAgain is how long a probe that failed waits before it asks again; each time twice as long, up to askAgainMost.
	askAgain     = time.Second
	askAgainMost = 10 * time.Second
)

// newProber returns a client that asks as the daemon can: in the cluster that it runs in at the Services' own addresses,
// from anywhere else through the API server.
func newProber(config *rest.Config) (*probe.Client, error) {
	if own, err := rest.InClusterConfig(); err == nil && own.Host == config.Host {
		return probe.Direct(), nil
	}
	return probe.ThroughAPIServer(config)
}

// asking is the goroutine that asks the probes of one check, until all are answered or what they stand for has changed.
type asking struct {
	targets []probe.Target
	stop    context.CancelFunc
	running stdsync.WaitGroup

	mu      stdsync.Mutex
	results []probe.Result // of the last round; nil before its end
	err     error          // of the one that ended it for good
}

// begin starts to ask. Each round that ends pokes l.
func begin(ctx context.Context, client *probe.Client, targets []probe.Target, l listener) *asking {
	ctx, stop := context.WithCancel(ctx)
	a := &asking{targets: targets, stop: stop}
	a.running.Go(func() {
		for pause := askAgain; !a.round(ctx, client); pause = min(2*pause, askAgainMost) {
			l.poke()
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
		l.poke()
	})
	return a
}

// round asks all targets once, and reports whether there is no need to ask again.
func (a *asking) round(ctx context.Context, client *probe.Client) (over bool) {
	results := make([]probe.Result, 0, len(a.targets))
	over = true
	for _, t := range a.targets {
		result, err := client.Round(ctx, t)
		if err != nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.err = fmt.Errorf("probe %s: %w", t.URL, err)
			return true
		}
		results = append(results, result)
		over = over && result.OK()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.results = results
	return over
}

// end stops asking, and returns when nothing is under way any more.
func (a *asking) end() {
	if a != nil {
		a.stop()
		a.running.Wait()
	}
}

// last is what is known by now.
func (a *asking) last() ([]probe.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.results, a.err
}

// ask has the probes asked once all else is Current, and says what is known of them. A change of what they stand for, or a
// loss of health, makes what was known void.
func (s *session) ask(ctx context.Context, r *Report, state State) (*Report, error) {
	if len(s.check.Probes) == 0 {
		return r, nil
	}
	var targets []probe.Target
	var problems []Problem
	if r.Status == Current {
		targets, problems = probed(state, r, s.check.Probes)
	}
	if s.asking != nil && !reflect.DeepEqual(s.asking.targets, targets) {
		s.asking.end()
		s.asking = nil
	}
	switch {
	case len(problems) > 0:
		return r.unanswered(nil, problems), nil
	case len(targets) == 0:
		return r, nil
	case s.asking == nil:
		s.asking = begin(ctx, s.gate.prober, targets, s)
	}
	results, err := s.asking.last()
	switch {
	case err != nil && s.follows:
		return r.unanswered(nil, []Problem{{
			Reason: ProbeFailed, Message: err.Error(), Advice: "Give the daemon the right that it names, or take the probe out of the app's configuration.",
		}}), nil
	case err != nil:
		return nil, err
	}
	return r.probed(targets, results), nil
}

// probed is r with what the probes came to.
func (r *Report) probed(targets []probe.Target, results []probe.Result) *Report {
	if results == nil {
		var urls []string
		for _, t := range targets {
			urls = append(urls, t.URL.String())
		}
		asked := *r
		asked.Status, asked.Reason, asked.Message = InProgress, RolloutInProgress, "asking "+strings.Join(urls, ", ")
		return &asked
	}
	var problems []Problem
	for i, result := range results {
		if !result.OK() {
			problems = append(problems, Problem{
				Reason: ProbeFailed, Object: serviceID(targets[i].URL), Pods: result.Silent(),
				Message: fmt.Sprintf("%s: %s", result.URL, result),
				Advice:  "The pods are ready and do not answer as they should: ask one yourself (kubectl port-forward), and read its log.",
			})
		}
	}
	if len(problems) > 0 {
		return r.unanswered(results, problems)
	}
	answered := *r
	answered.Probes = results
	return &answered
}

// unanswered is r with problems of its probes, and no others.
func (r *Report) unanswered(results []probe.Result, problems []Problem) *Report {
	failed := *r
	failed.Probes = results
	failed.Problems = slices.SortedStableFunc(slices.Values(problems), func(a, b Problem) int {
		return cmp.Or(compareProblems(a, b), cmp.Compare(a.Message, b.Message))
	})
	failed.conclude(nil, nil)
	return &failed
}
