package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAStateIsUnpackedAsItWasPacked(t *testing.T) {
	s := full().Healthy[0]
	items, err := s.Items()
	if want := []Item{item()}; err != nil || !reflect.DeepEqual(items, want) {
		t.Errorf("got %+v, %v, want %+v", items, err, want)
	}
	if !bytes.Equal(packed(), packed()) {
		t.Error("the bytes differ")
	}
}

func TestAStateThatIsShortOfObjectsIsBroken(t *testing.T) {
	good := full().Healthy[0]
	for name, spoil := range map[string]func(*State){
		"cut":            func(s *State) { s.Packed = s.Packed[:len(s.Packed)/2] },
		"nothing":        func(s *State) { s.Packed = nil },
		"short of one":   func(s *State) { s.Objects = 2 },
		"no objects":     func(s *State) { s.Packed = pack(`{"object":5}`) },
		"no JSON":        func(s *State) { s.Packed = pack(`{"object":`) },
		"bits are wrong": func(s *State) { s.Packed = bytes.Repeat([]byte{1}, 99) },
	} {
		s := good
		spoil(&s)
		if items, err := s.Items(); !errors.Is(err, ErrBroken) || items != nil {
			t.Errorf("%s: %v, %v", name, items, err)
		}
	}
}

func TestTheLastStatesAreKeptAsFarAsTheyAreSmall(t *testing.T) {
	i := New("web")
	for n := range 5 {
		i.Keep(State{Revision: fmt.Sprint(n), Content: fmt.Sprint("c", n), Packed: []byte("x")})
	}
	if got := revisions(i); got != "4 3 2" {
		t.Errorf("kept %s", got)
	}
	i.Keep(State{Revision: "5", Content: "c3", Packed: []byte("x")})
	if got := revisions(i); got != "5 4 2" {
		t.Errorf("with the content of 3: kept %s", got)
	}
	i.Keep(State{Revision: "6", Content: "large", Packed: make([]byte, 2*maxOlder)})
	if got := revisions(i); got != "6 5 4" {
		t.Errorf("a large one: kept %s", got)
	}
	i.Keep(State{Revision: "7", Content: "c7", Packed: []byte("x")})
	if got := revisions(i); got != "7" {
		t.Errorf("after a large one: kept %s", got)
	}
	if i.State("7") == nil || i.State("4") != nil {
		t.Error("a state is not found by its revision")
	}
}

func revisions(i *Inventory) string {
	var all []string
	for _, s := range i.Healthy {
		all = append(all, s.Revision)
	}
	return strings.Join(all, " ")
}

func TestARejectedCommitIsKeptOnce(t *testing.T) {
	i := New("web")
	for n := range MaxRejected + 5 {
		i.Reject(Rejection{Revision: fmt.Sprint("bad", n), At: time.Unix(int64(n), 7)}, "good")
	}
	i.Reject(Rejection{Revision: "bad10", Content: "c", Reason: "ImagePull", Message: strings.Repeat("é", MaxText)}, "good")
	if len(i.Rejected) != MaxRejected || i.Rejected[0].Revision != "bad10" || len(i.Rejected[0].Message) > MaxText {
		t.Errorf("%d are kept, first %+v", len(i.Rejected), i.Rejected[0])
	}
	for n, r := range i.Rejected[1:] {
		if r.Revision == "bad10" {
			t.Errorf("again at %d", n)
		}
	}
	if want := (&Return{To: "good", From: "bad10", Content: "c", Reason: "ImagePull", Message: i.Rejected[0].Message}); !reflect.DeepEqual(i.Return, want) {
		t.Errorf("return %+v", i.Return)
	}
}

// TestOnlyAStateToGoBackToNeedsANewerLockstep is about an older one: it would not find that state, and go forward.
func TestOnlyAStateToGoBackToNeedsANewerLockstep(t *testing.T) {
	i := New("web")
	i.Reject(Rejection{Revision: "main@sha1:2"}, "main@sha1:1")
	if got := versionOf(i); got != versionPlain {
		t.Errorf("to a healthy state: version %d", got)
	}
	i.Return.State = &State{Revision: "main@sha1:1"}
	if got := versionOf(i); got != versionState || i.State("main@sha1:1") != i.Return.State || i.State("main@sha1:2") != nil {
		t.Errorf("to another: version %d", got)
	}
}
