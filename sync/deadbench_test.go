package sync_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	benchDead   = 20  // repositories of a server that accepts and never answers
	deadRounds  = 3   // with and without them, in turns, as the machine has other things to do as well
	deadCommits = 200 // in a round
	benchBatch  = 50  // apps that begin at a time
)

// deadBench is a fleet of many repositories on a real git server in a process of its own, each with one app.
type deadBench struct {
	*fleetStage
	works []*gittest.Repo
	alive []sync.App
	feeds map[string]*sync.Feed // of the repositories that live
	took  map[bool][]time.Duration
}

// BenchmarkDeadRepositories times commits from the push to the healthy app while twenty of the repositories that the same
// daemon follows are on a server that never answers, beside the same without those, in the same run.
func BenchmarkDeadRepositories(b *testing.B) {
	s := newDeadBench(b, *benchApps)
	server := newDeadServer(b)
	dead := server.repositories(b, benchDead)
	for b.Loop() {
		for range deadRounds {
			s.round(false)
			before := server.accepted.Load()
			s.others = maps.Clone(s.feeds)
			maps.Copy(s.others, dead)
			for name := range dead {
				app := s.named(name)
				app.Feed, app.Repository = name, server.url+"/"+name
				s.apps = append(s.apps, app)
			}
			s.tell()
			clustertest.Eventually(b, "the dead ones to be asked", func(context.Context) (bool, string) {
				asked := server.accepted.Load() - before
				return asked >= benchDead, fmt.Sprint(asked)
			})
			s.round(true)
			s.apps, s.others = s.alive, s.feeds
			s.tell()
		}
	}
	with, without := s.took[true], s.took[false]
	for _, p := range []int{50, 99} {
		ratio := percentile(with, p).Seconds() / percentile(without, p).Seconds()
		b.ReportMetric(ratio, fmt.Sprintf("p%d-with-dead/without", p))
		fmt.Fprintf(os.Stderr, "%4d repositories, and %d dead ones: p%d of a commit %s, without those %s\n",
			len(s.alive), benchDead, p, round(percentile(with, p)), round(percentile(without, p)))
	}
	b.ReportMetric(0, "ns/op")
}

func newDeadBench(b *testing.B, n int) *deadBench {
	b.Helper()
	s := &deadBench{fleetStage: newFleetStage(b), feeds: map[string]*sync.Feed{}, took: map[bool][]time.Duration{}}
	s.without, s.heard = true, sync.NewWake()
	root := b.TempDir()
	server := newPollStage(b, root)
	for i := range n {
		app := s.named(fmt.Sprintf("live-%d", i))
		dir := filepath.Join(root, app.Name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		work := gittest.At(b, dir)
		work.Git("init", "-q", "-b", "main")
		url := server.url + "/" + app.Name + "/.git"
		repository, err := git.Open(git.Options{URL: url, Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = repository.Close() })
		s.feeds[app.Name] = sync.NewFeed(repository, sync.DefaultInterval)
		app.Feed, app.Repository, app.Path = app.Name, url, "."
		s.works, s.alive = append(s.works, work), append(s.alive, app)
		s.commit(i, 0)
	}
	s.others = s.feeds
	s.run()
	for from := range s.alive { // not all at once, which is a matter of its own
		if from%benchBatch == 0 {
			s.apps = s.alive[:min(from+benchBatch, n)]
			s.tell()
		}
		s.until(s.alive[from], "to be healthy", healthyAt(s.works[from].Git("rev-parse", "HEAD")))
	}
	return s
}

func (s *deadBench) commit(i, count int) (hash string) {
	s.works[i].Write("app.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: live-%d}\ndata: {count: \"%d\"}\n", i, count))
	return s.works[i].Commit("another")
}

// round times one commit after the other.
func (s *deadBench) round(dead bool) {
	for n := range deadCommits {
		i := n % len(s.alive)
		hash := s.commit(i, 1+len(s.took[true])+len(s.took[false]))
		began := time.Now()
		s.feeds[s.alive[i].Name].Hint()
		for is := (status.App{}); !healthyAt(hash)(is); is, _ = s.store.App(s.alive[i].Name) {
			select {
			case <-s.heard:
			case <-s.Context().Done():
				s.Fatal("it is not healthy before the end")
			}
		}
		s.took[dead] = append(s.took[dead], time.Since(began))
	}
}
