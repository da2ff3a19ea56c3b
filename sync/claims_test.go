package sync

import (
	"context"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// revision is the nth commit of a feed.
func revision(n string) git.Revision { return git.Revision{Ref: "main", Hash: n} }

func TestWhoHasReadANewerCommitIsNotWaitedFor(t *testing.T) {
	older, own, newest := revision("1"), revision("2"), revision("3")
	for _, tt := range []struct {
		name string
		read git.Revision
		want bool // to wait
	}{
		{"nothing", git.Revision{}, true},
		{"an older commit", older, true},
		{"the same commit", own, false},
		{"the newest commit", newest, false},
	} {
		c := NewClaims()
		c.join(App{Name: "a", Feed: "shop"})
		c.join(App{Name: "b", Feed: "shop"})
		c.join(App{Name: "c", Feed: "other"})
		c.read("a", own)
		c.read("b", tt.read)
		if got := c.behind("shop", []git.Revision{own, newest}); got != tt.want {
			t.Errorf("another app has read %s: waits %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestTheFeedMayMoveOnWhileAnAppWaitsForTheOthers(t *testing.T) {
	own, newest := revision("2"), revision("3")
	c := NewClaims()
	c.join(App{Name: "a", Feed: "shop"})
	c.join(App{Name: "b", Feed: "shop"})
	c.read("a", own)
	asked, moved := make(chan struct{}), false
	go func() {
		<-asked
		c.read("b", newest) // it has never seen the commit that is waited for
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.settled(ctx, "shop", func() []git.Revision {
		if !moved {
			moved = true
			close(asked)
			return []git.Revision{own}
		}
		return []git.Revision{own, newest}
	})
	if !moved || c.behind("shop", []git.Revision{own, newest}) {
		t.Error("the wait ended before the other app had read anything")
	}
}
