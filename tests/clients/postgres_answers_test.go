package clients

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// Promise (Clients): Rows that PostgreSQL does not have close a half-open circuit, where sql.ErrNoRows is expected.
func TestNoRowsCloseTheCircuit(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	b := breaker(t, s, understudy.BreakerConfig{ResetTimeout: 1, Expected: []error{sql.ErrNoRows}})
	query := func(sql string) func(context.Context) error {
		return func(ctx context.Context) error { var one int; return db.QueryRowContext(ctx, sql).Scan(&one) }
	}
	halfOpen := reaches(t, s, understudy.HalfOpen)
	for range 3 {
		require.Error(t, b.Run(t.Context(), query("SELEC")))
	}
	<-halfOpen
	for range 3 {
		require.True(t, sql.ErrNoRows == b.Run(t.Context(), query("SELECT 1 WHERE false")))
	}
	require.Equal(t, understudy.Closed, b.State())
}
