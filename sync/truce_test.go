package sync

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
)

var (
	disputed = object.ID{Kind: "ConfigMap", Namespace: "default", Name: "settings"}
	outbreak = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// correct notes n corrections of the disputed object, a second apart, and returns when the last was.
func (f *fights) correct(n int, from time.Time) time.Time {
	for i := range n {
		if i > 0 {
			from = from.Add(time.Second)
		}
		f.corrected(&apply.Change{ID: disputed, By: []string{"rival"}, Fields: []apply.Field{{Path: "data.key"}}}, from)
	}
	return from
}

func TestMoreThanFiveCorrectionsInAMinuteAreAFight(t *testing.T) {
	var f fights
	now := f.correct(maxCorrections, outbreak)
	if why := f.rival(disputed, now); why != "" || !f.next(now).IsZero() {
		t.Errorf("left alone after %d corrections: %s", maxCorrections, why)
	}
	now = f.correct(1, now.Add(time.Second))
	why := f.rival(disputed, now)
	if !strings.Contains(why, "rival changed data.key back more than 5 times in a minute") || !strings.Contains(why, "03:05:10") {
		t.Errorf("why: %q", why)
	}
	if next := f.next(now); !next.Equal(now.Add(firstTruce)) {
		t.Errorf("the next look is at %s", next)
	}
	if why := f.rival(object.ID{Kind: "ConfigMap", Name: "another"}, now); why != "" {
		t.Errorf("another object is left alone: %s", why)
	}
}

func TestCorrectionsThatAreFarApartAreNoFight(t *testing.T) {
	var f fights
	now := outbreak
	for range 3 * maxCorrections {
		now = f.correct(1, now.Add(fightWindow/maxCorrections+time.Second))
		if why := f.rival(disputed, now); why != "" {
			t.Fatalf("left alone: %s", why)
		}
	}
}

func TestEachFightDoublesTheTruceUpToALimit(t *testing.T) {
	var f fights
	now, want := outbreak, firstTruce
	for range 7 {
		now = f.correct(maxCorrections+1, now)
		if next := f.next(now); next.Sub(now) != want {
			t.Errorf("a truce of %s, want %s", next.Sub(now), want)
		}
		if why := f.rival(disputed, now.Add(want-time.Nanosecond)); why == "" {
			t.Error("the truce ends early")
		}
		now = now.Add(want)
		if why := f.rival(disputed, now); why != "" || !f.next(now).IsZero() {
			t.Errorf("the truce does not end: %s", why)
		}
		want = min(2*want, lastTruce)
	}
}

func TestARivalWithoutANameIsSomebody(t *testing.T) {
	var f fights
	for range maxCorrections + 1 {
		f.corrected(&apply.Change{ID: disputed}, outbreak)
	}
	if why := f.rival(disputed, outbreak); !strings.Contains(why, "somebody changed it back") {
		t.Errorf("why: %q", why)
	}
}
