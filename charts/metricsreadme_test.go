package charts

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheMetricsOfTheChartAreThoseOfTheReadme holds the labels that queries are checked with to the README's, which a test of the
// daemon holds to what it exports.
func TestTheMetricsOfTheChartAreThoseOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(lockstep_[a-z_]+)` \\| ([^|]*?) *\\| ([^|]+) \\|$").FindAllStringSubmatch(string(text), -1) {
		name, labels := row[1], strings.Split(strings.ReplaceAll(row[2], "`", ""), ", ")
		if strings.Contains(row[3], "(histogram)") {
			name, labels = name+"_bucket", append(labels, "le")
		}
		labels = slices.DeleteFunc(labels, func(label string) bool { return label == "" })
		listed[name] = strings.Join(slices.Sorted(slices.Values(labels)), " ")
	}
	known := map[string]string{}
	for name, labels := range exported {
		known[name] = strings.Join(slices.Sorted(slices.Values(labels)), " ")
	}
	if !maps.Equal(known, listed) {
		t.Errorf("the chart knows\n%v\nthe README lists\n%v", known, listed)
	}
}
