package live

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/health"
)

func TestPodsThatAReportLeavesOutAreCounted(t *testing.T) {
	rows := []health.Pod{{Name: "web-1", Status: "Evicted", Updated: true}, {Name: "web-2", Ready: true, Updated: true}}
	for leftOut, want := range map[int]string{0: "", 795: "and 795 more, 0 ready"} {
		var text strings.Builder
		for _, l := range (canvas{}).pods(rows, leftOut, 20) {
			for _, s := range l {
				text.WriteString(s.text)
			}
			text.WriteString("\n")
		}
		if got := text.String(); !strings.Contains(got, want) || strings.Contains(got, "more") != (want != "") {
			t.Errorf("%d left out:\n%s", leftOut, got)
		}
	}
}
