package clustertest

import (
	"context"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Namespace returns the name of a new namespace, in which pods can be created. It is deleted, without waiting for that,
// when the test ends.
func Namespace(t testing.TB) string {
	t.Helper()
	c := Client(t)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix(t.Name())}}
	if err := c.Create(t.Context(), ns); err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := client.IgnoreNotFound(c.Delete(context.Background(), ns)); err != nil {
			t.Errorf("delete namespace: %v", err)
		}
	})
	account := client.ObjectKey{Namespace: ns.Name, Name: "default"}
	Eventually(t, "the namespace's ServiceAccount", func(ctx context.Context) (bool, string) {
		err := c.Get(ctx, account, &corev1.ServiceAccount{})
		return err == nil, describe(err)
	})
	return ns.Name
}

func describe(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// prefix turns a test's name into the beginning of a namespace's, so that one sees which test it is of.
func prefix(test string) string {
	const room = 50 // of 63 that a name may have, less the random end
	name := notInNames.ReplaceAllString(strings.ToLower(test), "-")
	return strings.Trim(name[:min(len(name), room)], "-") + "-"
}
