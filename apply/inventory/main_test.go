package inventory_test

import (
	"os"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m)) }
