package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// noStrays sees to it that nobody wrote for an app but who kept it, as each daemon divides them.
func (p *pair) noStrays(shardsOf func(daemon string) int) {
	p.Helper()
	for _, text := range p.ledger.strays(func(daemon, app string) string {
		flags := replicaFlags{lease: "lockstep", shards: shardsOf(daemon)}
		return flags.names()[shardOf(app, flags.shards)]
	}) {
		p.Error(text)
	}
}

// ready waits until the daemon could begin.
func (d *process) ready() {
	d.Helper()
	clustertest.Eventually(d, d.name+" to be warm", func(ctx context.Context) (bool, string) {
		list, err := d.list(ctx)
		return err == nil && list.Replica != nil && list.Replica.Warm, fmt.Sprint(list, err)
	})
}

// schedule is a number of replicas that come and go.
type schedule struct {
	*pair
	*rand.Rand
	flags  []string
	all    int
	live   []*process
	frozen []*process
}

// join starts replicas, all at once.
func (s *schedule) join(n int) {
	for range n {
		s.all++
		s.live = append(s.live, s.start(fmt.Sprint("r", s.all), s.flags...))
	}
}

// pick takes one of the live ones out.
func (s *schedule) pick() *process {
	at := s.IntN(len(s.live))
	d := s.live[at]
	s.live = append(s.live[:at:at], s.live[at+1:]...)
	return d
}

// send sends a signal, and does not wait for the end.
func (d *process) send(signal syscall.Signal) {
	if err := d.cmd.Process.Signal(signal); err != nil {
		d.Error(err)
	}
}

// step has something happen, and says what.
func (s *schedule) step() string {
	switch what := s.IntN(5); {
	case what == 0 && len(s.live) < 4:
		s.join(1 + s.IntN(2))
		return "some join"
	case what == 1 && len(s.live) > 1:
		s.pick().send(syscall.SIGTERM)
		return "one leaves"
	case what == 2 && len(s.frozen) == 0 && len(s.live) > 1:
		d := s.pick()
		d.send(syscall.SIGSTOP)
		s.frozen = append(s.frozen, d)
		return "one freezes"
	case len(s.frozen) > 0:
		d := s.frozen[0]
		d.send(syscall.SIGCONT)
		s.live, s.frozen = append(s.live, d), nil
		return "one wakes up"
	case len(s.live) > 2:
		s.pick().send(syscall.SIGKILL)
		s.pick().send(syscall.SIGKILL)
		return "two are killed"
	case len(s.live) > 1:
		s.pick().send(syscall.SIGKILL)
		return "one is killed"
	}
	s.join(2)
	return "two join"
}

func TestNoAppIsLeftOrServedTwiceWhateverBecomesOfTheReplicas(t *testing.T) {
	const shards, steps = 4, 10
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	p := newPair(t)
	config := p.appOfEachFolder("begin")
	s := &schedule{pair: p, Rand: rand.New(rand.NewPCG(seed, 0)), flags: []string{"--config", config, "--shards", fmt.Sprint(shards)}}
	s.join(2)
	p.have(apps, "begin")
	for i := range steps {
		value := fmt.Sprint("step ", i)
		if s.IntN(2) == 0 {
			p.folders(value) // in the middle of which it happens
			t.Logf("%s: %s, %d live", value, s.step(), len(s.live))
		} else {
			t.Logf("%s: %s, %d live", value, s.step(), len(s.live))
			p.folders(value)
		}
		p.have(apps, value)
	}
	p.serving(apps, shards, s.live...)
	p.noStrays(func(string) int { return shards })
	if n := len(p.ledger.of("/configmaps/app-")); n < apps*steps {
		t.Errorf("%d writes were seen, want %d at least", n, apps*steps)
	}
}

func TestAnUpdateOfTheNumberOfShardsLeavesNoAppAndServesNoneTwice(t *testing.T) {
	p := newPair(t)
	config := p.appOfEachFolder("begin")
	shards := map[string]int{}
	start := func(n int) (two []*process) {
		for i := range 2 {
			name := fmt.Sprintf("%d-of-%d", i, n)
			shards[name] = n
			two = append(two, p.start(name, "--config", config, "--shards", fmt.Sprint(n)))
		}
		return two
	}
	old := start(2)
	p.serving(apps, 2, old...)
	for _, n := range []int{3, 2, 1, 3} {
		next := start(n)
		for _, d := range next {
			d.ready()
		}
		for _, d := range old {
			d.signal(syscall.SIGTERM)
			value := "without " + d.name
			p.folders(value)
			p.have(apps, value)
		}
		if n > 1 {
			p.serving(apps, n, next...)
		}
		old = next
	}
	p.noStrays(func(daemon string) int { return shards[daemon] })
}
