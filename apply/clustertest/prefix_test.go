package clustertest

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestANamespacesNameBeginsWithItsTest(t *testing.T) {
	for test, want := range map[string]string{
		"TestPush":                 "testpush-",
		"TestPush/with_one number": "testpush-with-one-number-",
		"TestA/ümläut":             "testa-ml-ut-",
		"Test" + "0123456789012345678901234567890123456789012345678901234": "test0123456789012345678901234567890123456789012345-",
	} {
		got := prefix(test)
		if got != want {
			t.Errorf("%q: got %q, want %q", test, got, want)
		}
		const random = "abcde" // what the API server appends
		if wrong := validation.IsDNS1123Label(got + random); len(wrong) > 0 {
			t.Errorf("%q: %v", got, wrong)
		}
	}
}
