package inventory

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestOvertakenCommitsAreInTheHistoryAtTheirTime(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0).UTC() }
	of := func(i *Inventory) (revisions []string) {
		for _, r := range i.History {
			revisions = append(revisions, r.Revision+" "+r.State)
		}
		return revisions
	}
	i := New("web")
	i.Overtook()
	if _, judged := i.Verdict(); judged || i.History != nil {
		t.Errorf("%v", of(i))
	}
	i.Remember(Record{Revision: "1", State: "Healthy", At: at(1)})
	i.Remember(Record{Revision: "4", State: "Failed", At: at(4)})
	i.Overtook(Record{Revision: "2", At: at(2)}, Record{Revision: "3", At: at(3)}, Record{Revision: "5", At: at(5)}, Record{Revision: "2", At: at(2)})
	if got, want := of(i), []string{"5 Overtaken", "4 Failed", "3 Overtaken", "2 Overtaken", "1 Healthy"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if newest, judged := i.Verdict(); !judged || newest.Revision != "4" {
		t.Errorf("newest with a verdict: %+v", newest)
	}
	for n := range 10 * MaxOvertaken { // they take no other's room
		i.Overtook(Record{Revision: fmt.Sprint(n), At: at(10 + n)})
	}
	if got := of(i); len(got) != MaxOvertaken+2 || got[0] != "199 Overtaken" || got[len(got)-1] != "1 Healthy" {
		t.Errorf("%v", got)
	}
	packed, err := encode(i)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decode("web", packed); err != nil || !slices.Equal(of(got), of(i)) {
		t.Errorf("%v, %v", of(got), err)
	}
}
