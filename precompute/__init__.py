"""The batch job that makes an atlas: plan → points → metrics → atlas. A thin command line over hvae."""
