package sync_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/examples"
)

// deployment is the example's, with other numbers.
func deployment(t testing.TB, replicas int) string {
	t.Helper()
	return replace(t, example(t, "web-deployment.yaml"), "replicas: 1", fmt.Sprintf("replicas: %d", replicas))
}

func example(t testing.TB, name string) string {
	t.Helper()
	text, err := examples.Files.ReadFile("web/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replace changes one thing in a manifest, which must have it.
func replace(t testing.TB, text, old, changed string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("no %q in\n%s", old, text)
	}
	return strings.Replace(text, old, changed, 1)
}

// web are the files of the example with a number of replicas.
func web(t testing.TB, replicas int) []string {
	t.Helper()
	return []string{"web-deployment.yaml", deployment(t, replicas), "web-service.yaml", example(t, "web-service.yaml")}
}
