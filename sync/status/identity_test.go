package status_test

import (
	"net/netip"
	"testing"

	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestAnIdentityIsReadAsItWasWritten(t *testing.T) {
	hooks, api := netip.MustParseAddrPort("10.0.0.7:9443"), netip.MustParseAddrPort("[fd00::7]:8080")
	for _, is := range []status.Identity{
		{Host: "lockstep-7d9f-abcde", Unique: "ab12cd34"},
		{Host: "lockstep-7d9f-abcde", Unique: "ab12cd34", Webhooks: hooks},
		{Host: "lockstep-7d9f-abcde", Unique: "ab12cd34", Status: api},
		{Host: "lockstep-7d9f-abcde", Unique: "ab12cd34", Webhooks: hooks, Status: api},
		{Host: "a_host_with_underscores", Unique: "ab12cd34", Status: api},
		{Host: "another-program"},
		{},
	} {
		if got := status.ParseIdentity(is.String()); got != is {
			t.Errorf("%q is read as %+v, want %+v", is.String(), got, is)
		}
	}
	for text, name := range map[string]string{
		"web-1@10.0.0.7:9443,_ab12": "web-1_ab12",
		"web-1@nowhere,at all_ab12": "web-1_ab12",
		"another-program":           "another-program",
	} {
		if got := status.ParseIdentity(text).Name(); got != name {
			t.Errorf("the name of %q is %q, want %q", text, got, name)
		}
	}
}
